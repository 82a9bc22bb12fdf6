import { pause } from './wait.mjs';

/** How often each node is asked, in milliseconds, and how long it may take to say that it is not ready. */
const EVERY = 100;
const PATIENCE = 5000;

/** Asks nodes again and again whether they are ready, as a load balancer does. */
export class Readiness {
  /** What each has said last, and all that it has said while it was not ready. */
  #nodes;
  #isStopped = false;

  constructor(nodes) {
    this.#nodes = nodes.map(({ url }) => ({ url, now: undefined, changes: [], reasons: new Set() }));
    for (const node of this.#nodes) this.#watch(node);
  }

  get areAllReady() {
    return this.#nodes.every(({ now }) => now === 'ready');
  }

  /** Why nodes were not ready, in their words. */
  get reasons() {
    return [...new Set(this.#nodes.flatMap(({ reasons }) => [...reasons]))];
  }

  /** After how long since `moment` the last of the nodes was not ready for the first time. */
  notReadyAfter(moment) {
    return this.#longest(moment, ({ changes }) => changes.find(({ at, ready }) => at >= moment && !ready)?.at ?? Infinity);
  }

  /** After how long since `moment` the last of the nodes was ready for good; never while one is not. */
  readyAfter(moment) {
    if (!this.areAllReady) return Infinity;
    return this.#longest(moment, ({ changes }) => Math.max(moment, changes.findLast(({ ready }) => ready).at));
  }

  stop() {
    this.#isStopped = true;
  }

  #longest(moment, when) {
    return Math.max(...this.#nodes.map(when)) - moment;
  }

  async #watch(node) {
    while (!this.#isStopped) {
      const said = await this.#ask(node.url);
      const ready = said === 'ready';
      if (!ready) node.reasons.add(said);
      if (node.now === undefined || ready !== (node.now === 'ready')) node.changes.push({ at: Date.now(), ready });
      node.now = said;
      await pause(EVERY);
    }
  }

  async #ask(url) {
    try {
      const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(PATIENCE) });
      const said = await answer.text();
      return answer.status === 200 ? 'ready' : said;
    } catch {
      return 'it does not answer';
    }
  }
}
