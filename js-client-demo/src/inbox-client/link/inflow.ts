import type { Span } from '../span';
import type { ServerEvent } from '../types';
import { Frontier } from './frontier';

/** How often events are handed on, and how many at a time. */
const flushMs = 50;
const largestBatch = 500;
/** How long events wait for a gap before them to be closed. */
const holdMs = 3_000;

/** Events on their way from whatever brought them: put in order, rid of repeats, and handed on in batches. */
export class Inflow {
  readonly #handOn: (events: readonly ServerEvent[]) => void;
  #frontier: Frontier | null = null;
  #waiting: (() => void)[] = [];
  #queue: ServerEvent[] = [];
  #flushedAt = 0;
  #isFlushing = false;
  #isHolding = false;

  constructor(handOn: (events: readonly ServerEvent[]) => void) {
    this.#handOn = handOn;
  }

  /** The number up to which nothing is missing; `null` before `begin`. */
  get point(): number | null {
    return this.#frontier?.point ?? null;
  }

  /** The same, once it is known. */
  async begun(): Promise<number> {
    if (!this.#frontier) await new Promise<void>((go) => this.#waiting.push(go));
    return this.#frontier?.point ?? 0;
  }

  /** All up to event `seq` has been read otherwise. */
  begin(seq: number, run: Span): void {
    if (this.#frontier) this.#deliver(this.#frontier.close(seq), run);
    else this.#frontier = new Frontier(seq);
    for (const go of this.#waiting.splice(0)) go();
  }

  /** A reading that began after `from` has brought an event. */
  receive(event: ServerEvent, from: number, run: Span): void {
    const frontier = this.#frontier;
    if (!frontier) return;
    this.#deliver(frontier.take(event, from), run);
    if (!frontier.isHolding || this.#isHolding) return;
    this.#isHolding = true;
    const stop = run.atEnd(() => {
      this.#isHolding = false;
    });
    run.after(holdMs, () => {
      stop();
      this.#isHolding = false;
      this.#deliver(frontier.release(), run);
    });
  }

  /** A reading that began after `from` has come to `seq`, whether or not it brought anything. */
  reach(seq: number, from: number): void {
    this.#frontier?.reach(seq, from);
  }

  /** Hands on at once all that has come. */
  drain(): void {
    while (this.#queue.length > 0) this.#flush();
  }

  #deliver(events: ServerEvent[], run: Span): void {
    this.#queue.push(...events);
    this.#flushLater(run);
  }

  #flushLater(run: Span): void {
    if (this.#isFlushing || this.#queue.length === 0) return;
    this.#isFlushing = true;
    const stop = run.atEnd(() => {
      this.#isFlushing = false;
    });
    run.after(Math.max(0, this.#flushedAt + flushMs - Date.now()), () => {
      stop();
      this.#isFlushing = false;
      this.#flush();
      this.#flushLater(run);
    });
  }

  #flush(): void {
    this.#flushedAt = Date.now();
    const batch = this.#queue.splice(0, largestBatch);
    if (batch.length > 0) this.#handOn(batch);
  }
}
