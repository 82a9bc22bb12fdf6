import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';
import type { Span } from '../span';
import type { ServerEvent, Signal } from '../types';

/** Makes a socket; `io` of socket.io-client in a browser. */
export type MakeSocket = (url: string, options: Partial<ManagerOptions & SocketOptions>) => Socket;

/** Why a socket could not be had, or was lost. */
export type Loss = { why: string; isRefusal: boolean };

/** What is told of a socket. */
export type SocketEars = {
  onOpen: () => void;
  /** It is carried otherwise now. */
  onCarrier: () => void;
  onLoss: (loss: Loss) => void;
  onEvent: (event: ServerEvent, from: number) => void;
  onSignal: (signal: Signal) => void;
  /** The log has been read up to `seq`. */
  onReached: (seq: number, from: number) => void;
  /** The log no longer has what came before. */
  onGap: () => void;
  /** The server's log has come to `seq`. */
  onBeat: (seq: number) => void;
  onExpired: () => void;
};

/** What is said in the handshake. */
export type Hello = { token: string | null; after: number };

/** The answer to `sync`. */
type SyncAnswer = { ok: true; seq: number; complete: boolean } | { ok: false };

/** One connection by Socket.IO, from its first try to its loss; it is never used again. */
export type LiveSocket = {
  /** What carries it; `null` while it is not open. */
  carrier: () => 'websocket' | 'long-polling' | null;
  /** Asks for what came after `seq`. Returns after how long the answer came; `null` if none did in time. */
  sync: (seq: number, patienceMs: number) => Promise<number | null>;
  /** When it last brought anything. */
  heardAt: () => number;
  emit: (name: string, id: string) => void;
};

const storedEvents = Object.keys({
  'message:new': true,
  'message:status-update': true,
  'message:updated': true,
  'conversation:new': true,
  'conversation:updated': true,
  'stages:updated': true,
  'notification:new': true,
  'inbox:updated': true,
  'access:changed': true,
  'session:updated': true,
  'session:closed': true,
} satisfies Record<ServerEvent['name'], true>) as ServerEvent['name'][];

const signals = [
  'typing:start',
  'typing:stop',
  'viewing:start',
  'viewing:stop',
  'presence:update',
  'visitor:presence',
  'agents:presence',
] as const satisfies Signal['name'][];

/** Opens a socket that lives until it is lost or its span ends. */
export function openSocket(
  span: Span,
  make: MakeSocket,
  url: string,
  options: { transports: string[]; timeoutMs: number; hello: () => Promise<Hello> },
  ears: SocketEars,
): LiveSocket {
  let from = Number.POSITIVE_INFINITY;
  let heardAt = 0;
  const socket = make(url, {
    autoConnect: false,
    // A manager of our own, that tries once: trying again is the link's business.
    forceNew: true,
    reconnection: false,
    transports: options.transports,
    tryAllTransports: true,
    timeout: options.timeoutMs,
    auth: (give) => {
      options.hello().then((hello) => {
        from = hello.after;
        give(hello);
      }, lose);
    },
  });

  function lose(cause: unknown): void {
    if (span.isOver) return;
    const { message, type } = cause as { message?: string; type?: string };
    const why = message ?? String(cause);
    // What the transport says has a type; what is left but for lateness, the server has said.
    const isRefusal = type === undefined && why !== 'timeout' && /token|session|account/.test(why);
    ears.onLoss({ why, isRefusal });
  }

  span.atEnd(() => {
    socket.removeAllListeners();
    socket.io.engine?.removeAllListeners('upgrade');
    socket.disconnect();
  });
  span.after(options.timeoutMs, () => {
    if (!socket.connected) lose(new Error('WebSocket timeout, falling back to polling'));
  });
  socket.on('connect', () => {
    heardAt = Date.now();
    socket.io.engine.on('upgrade', ears.onCarrier);
    ears.onOpen();
  });
  socket.on('connect_error', lose);
  socket.on('disconnect', (reason) => lose(new Error(reason)));
  socket.on('ready', (ready: { seq: number; head: number; complete: boolean }) => {
    if (ready.complete) return;
    // What it brings from here on begins at the end of the log.
    from = ready.seq;
    ears.onGap();
  });
  socket.on('heartbeat', ({ seq }: { seq: number }) => ears.onBeat(seq));
  socket.on('auth:expired', ears.onExpired);
  for (const name of storedEvents) {
    socket.on(name, (payload: object) => {
      heardAt = Date.now();
      ears.onEvent({ name, ...payload } as ServerEvent, from);
    });
  }
  for (const name of signals) {
    socket.on(name, (payload: object) => ears.onSignal({ name, ...payload } as Signal));
  }
  socket.connect();

  async function sync(seq: number, patienceMs: number): Promise<number | null> {
    const asked = performance.now();
    try {
      const answer: SyncAnswer = await socket
        .timeout(patienceMs)
        .emitWithAck('sync', { after: seq });
      heardAt = Date.now();
      if (span.isOver) return null;
      if (answer.ok && answer.complete) ears.onReached(answer.seq, Math.min(seq, from));
      else if (answer.ok) {
        from = answer.seq;
        ears.onGap();
      }
      return performance.now() - asked;
    } catch {
      return null;
    }
  }

  return {
    carrier: () => {
      if (!socket.connected) return null;
      return socket.io.engine.transport.name === 'websocket' ? 'websocket' : 'long-polling';
    },
    sync,
    heardAt: () => heardAt,
    emit: (name, id) => void (socket.connected && socket.emit(name, id)),
  };
}
