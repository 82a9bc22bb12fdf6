/** The events that stand in the log; 2.x has no catch-all listener, so they are listened to by name. */
const STORED_EVENTS = [
  'message:new', 'message:status-update', 'message:updated',
  'conversation:new', 'conversation:updated', 'notification:new',
];

const SIGNALS = ['typing:start', 'typing:stop'];

const SOCKET_EVENTS = ['connect', 'connect_error', 'error', 'disconnect', 'ready'];

/** A socket and everything that has arrived on it, in order; who waits for an event misses none that came before. */
export class Session {
  socket;
  log = [];
  #waiting = new Set();
  #lost;

  constructor(socket) {
    this.socket = socket;
    for (const name of [...SOCKET_EVENTS, ...STORED_EVENTS, ...SIGNALS]) {
      socket.on(name, (...args) => this.#record({ name, args }));
    }
    // The manager opens its engine at once, so this is early enough to see the upgrade.
    socket.io.engine.on('upgrade', () => this.#record({ name: 'upgrade', args: [] }));
  }

  /** The stored events among those that arrived from position `from` up to `to`. */
  stored(from = 0, to = this.log.length) {
    return this.log.slice(from, to).filter(({ name }) => STORED_EVENTS.includes(name));
  }

  /** The first entry of the log that fits, now or later; fails when the connection is lost before. */
  entry(fits) {
    const found = this.log.find(fits);
    if (found) return Promise.resolve(found);
    return this.#untilLost((resolve) => ({ fits, resolve }));
  }

  /** Emits with an ack; `arrived` is the length of the log at the moment of the ack. */
  ask(event, argument) {
    return this.#untilLost((resolve) => {
      this.socket.emit(event, argument, (...answer) => resolve({ answer, arrived: this.log.length }));
      return { fits: () => false };
    });
  }

  close() {
    this.#waiting.clear();
    this.socket.close();
  }

  #untilLost(start) {
    return new Promise((resolve, reject) => {
      if (this.#lost) reject(this.#lost);
      else this.#waiting.add({ ...start(resolve), reject });
    });
  }

  #record(entry) {
    this.log.push(entry);
    for (const waiting of this.#waiting) {
      if (waiting.fits(entry)) {
        this.#waiting.delete(waiting);
        waiting.resolve(entry);
      }
    }
    if (entry.name === 'disconnect') {
      this.#lost = new Error(`disconnected by surprise: ${entry.args[0]}`);
      for (const { reject } of this.#waiting) reject(this.#lost);
      this.#waiting.clear();
    }
  }
}
