import { connect, createServer } from 'node:net';
import { database } from './postgres.mjs';

/** How long nothing passes, in seconds, and how long a node may take to find that out of its connections. */
const CUT = 15;
const TO_FIND_OUT = 20;

/** Nothing passes between nodes and database, and nothing is closed; later what is there is reset. */
export function reset(about) {
  return {
    about,
    nodes: 2,
    events: 2000,
    open: async () => {
      const cable = await Cable.open();
      const end = async () => {
        cable.reset();
        cable.goOn();
      };
      return { settings: cable.settings, seconds: CUT / 2, begin: async () => cable.cut(), end };
    },
  };
}

/** The same, but what was there stays silent for ever: only new connections get through. */
export function silence(about) {
  return {
    about,
    nodes: 2,
    events: 2000,
    open: async () => {
      const cable = await Cable.open();
      const settings = { seconds: CUT, recovers: TO_FIND_OUT };
      return { settings: cable.settings, ...settings, begin: async () => cable.cut(), end: async () => cable.goOn() };
    },
  };
}

/** What lies between nodes and a database of their own. */
class Cable {
  settings;
  #target;
  #isCut = false;
  #pairs = new Set();

  static async open() {
    const cable = new Cable();
    const { settings } = await database();
    const url = new URL(settings.databaseUrl);
    cable.#target = { host: url.hostname, port: Number(url.port), noDelay: true };
    const server = createServer({ noDelay: true }, (node) => cable.#join(node));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    url.port = server.address().port;
    cable.settings = { databaseUrl: url.href };
    return cable;
  }

  /** From now on nothing passes on what is there or comes. */
  cut() {
    this.#isCut = true;
    for (const pair of this.#pairs) for (const end of pair) end.unpipe().pause();
  }

  /** Ends what is there. */
  reset() {
    for (const pair of this.#pairs) for (const end of pair) end.resetAndDestroy();
  }

  /** What comes from now on gets through. */
  goOn() {
    this.#isCut = false;
  }

  #join(node) {
    const pair = this.#isCut ? [node] : [node, connect(this.#target)];
    this.#pairs.add(pair);
    for (const end of pair) {
      end.on('error', () => {});
      end.on('close', () => this.#end(pair));
    }
    if (this.#isCut) node.pause();
    else node.pipe(pair[1]).pipe(node);
  }

  #end(pair) {
    this.#pairs.delete(pair);
    for (const end of pair) end.destroy();
  }
}
