import type { ServerEvent } from '../types';

/**
 * Which events have come, whatever brought them.
 *
 * The frontier is the number up to which nothing is missing. It is not the highest number seen: only a
 * reading that began at or before it moves it on. What a reading brings that began beyond it is held
 * back until the gap is closed, or shown out of turn if that takes too long.
 */
export class Frontier {
  #point: number;
  /** Beyond the frontier, and shown out of turn. */
  readonly #ahead = new Set<number>();
  #held: { event: ServerEvent; from: number }[] = [];

  constructor(point: number) {
    this.#point = point;
  }

  /** The number of the event after which every reading begins. */
  get point(): number {
    return this.#point;
  }

  /** Whether something waits for a gap to be closed. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** An event of a reading that began after `from`. Returns what is to be shown now. */
  take(event: ServerEvent, from: number): ServerEvent[] {
    if (from > this.#point) {
      const isKnown =
        this.#ahead.has(event.seq) || this.#held.some((it) => it.event.seq === event.seq);
      if (!isKnown) this.#held.push({ event, from });
      return [];
    }
    if (event.seq <= this.#point) return [];
    this.#point = event.seq;
    return this.#ahead.delete(event.seq) ? [] : [event];
  }

  /** A reading that began after `from` has come up to `seq`: what lies between and did not come, is not for us. */
  reach(seq: number, from: number): void {
    if (from <= this.#point) this.#point = Math.max(this.#point, seq);
  }

  /** Everything up to `seq` has been read in another way. Returns what was held back and is beyond. */
  close(seq: number): ServerEvent[] {
    this.#point = Math.max(this.#point, seq);
    for (const ahead of this.#ahead) if (ahead <= this.#point) this.#ahead.delete(ahead);
    const held = this.#held.sort((a, b) => a.event.seq - b.event.seq);
    this.#held = [];
    return held.flatMap(({ event, from }) => this.take(event, from));
  }

  /** Returns what is held back, to be shown out of turn; the frontier stays. */
  release(): ServerEvent[] {
    const events = this.#held.map(({ event }) => event).sort((a, b) => a.seq - b.seq);
    this.#held = [];
    for (const { seq } of events) this.#ahead.add(seq);
    return events;
  }
}
