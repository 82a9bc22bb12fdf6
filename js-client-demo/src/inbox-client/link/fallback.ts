import { ApiError } from '../problem';
import type { Settings } from '../settings';
import type { Span } from '../span';
import type { ServerEvent } from '../types';
import { type Ask, Forgotten, readPage, readStream } from './reading';

/** What the fallback needs and whom it tells. */
export type FallbackWorld = {
  ask: Ask;
  polling: () => Settings['polling'];
  isHidden: () => boolean;
  /** Whether a conversation is open, so that answers are waited for. */
  isActive: () => boolean;
  /** The number from which to read on; `null` while there is nothing to read on from. */
  point: () => number | null;
  onEvent: (event: ServerEvent, from: number) => void;
  onReached: (seq: number, from: number) => void;
  onGap: () => void;
  /** How it stands: what brings events, and how many tries in a row have failed. */
  onState: (brings: 'sse' | 'poll' | null, failures: number, why: string | null) => void;
  onRefused: (why: string) => void;
};

/** How long an answer to a poll may take, in milliseconds. */
const patienceMs = 10_000;
/** A stream that says nothing for so long is dead; the server writes every 15 s. */
const silenceMs = 45_000;
/** How long to wait before a stream is tried once more, at first and at most. */
const streamWaitsMs = { first: 30_000, longest: 300_000 };

/**
 * Brings events without a socket, until its span ends: asks again and again, and where a stream gets
 * through, listens to that instead.
 */
export class Fallback {
  readonly #span: Span;
  readonly #world: FallbackWorld;
  #failures = 0;
  #isStreaming = false;
  #isAsking = false;
  #next: (() => void) | null = null;
  #streamWaitMs = streamWaitsMs.first;

  constructor(span: Span, world: FallbackWorld) {
    this.#span = span;
    this.#world = world;
    void this.#poll().then(() => this.#stream());
  }

  /** Asks at once: somebody looks again, or has opened a conversation. */
  hurry(): void {
    if (!this.#isAsking && !this.#isStreaming) void this.#poll();
  }

  /** Asks when the interval that now holds has passed. */
  reschedule(): void {
    if (!this.#isAsking && !this.#isStreaming) this.#schedule(this.#interval());
  }

  #interval(): number {
    const { activeMs, inactiveMs, backgroundMs } = this.#world.polling();
    if (this.#world.isHidden()) return backgroundMs;
    return this.#world.isActive() ? activeMs : inactiveMs;
  }

  #schedule(ms: number): void {
    this.#next?.();
    this.#next = null;
    if (this.#span.isOver || this.#isStreaming) return;
    // An interval of 0 means not at all: until somebody looks again.
    if (this.#world.isHidden() && this.#world.polling().backgroundMs === 0) return;
    if (ms > 0) this.#next = this.#span.after(ms, () => void this.#poll());
  }

  /** Reads on until there is no more. One at a time. */
  async #poll(): Promise<void> {
    this.#next?.();
    this.#isAsking = true;
    const wait = await this.#readOn();
    this.#isAsking = false;
    if (wait !== null) this.#schedule(wait);
  }

  async #readOn(): Promise<number | null> {
    const late = this.#span.within();
    try {
      for (let more = true; more; ) {
        const from = this.#world.point();
        if (from === null) return this.#interval();
        const stop = late.after(patienceMs, () => late.end());
        const page = await readPage(this.#world.ask, from, late.signal);
        stop();
        if (this.#span.isOver) return null;
        for (const event of page.events) this.#world.onEvent(event, from);
        this.#world.onReached(page.seq, from);
        more = page.hasMore;
      }
      this.#failures = 0;
      if (!this.#isStreaming) this.#world.onState('poll', 0, null);
      return this.#interval();
    } catch (problem) {
      return this.#span.isOver ? null : this.#failed(problem);
    } finally {
      late.end();
    }
  }

  #failed(problem: unknown): number | null {
    if (problem instanceof Forgotten) {
      this.#world.onGap();
      return this.#interval();
    }
    const why = problem instanceof Error ? problem.message : String(problem);
    if (problem instanceof ApiError && problem.isRefusal) {
      this.#world.onRefused(why);
      return null;
    }
    const waits = this.#world.polling().errorBackoffMs;
    const wait = waits[Math.min(this.#failures, waits.length - 1)] ?? patienceMs;
    this.#failures += 1;
    this.#world.onState(null, this.#failures, why);
    return problem instanceof ApiError ? (problem.retryAfterMs ?? wait) : wait;
  }

  /** Listens to a stream while one gets through, and tries again later, ever less often. */
  async #stream(): Promise<void> {
    while (!this.#span.isOver) {
      const began = Date.now();
      const from = this.#world.point();
      if (from !== null) await this.#listen(from);
      if (this.#span.isOver) return;
      const wasStreaming = this.#isStreaming;
      this.#isStreaming = false;
      if (wasStreaming) this.hurry();
      // Proxies cut streams that have lived; one that did not live is not worth another try soon.
      const hasLived = wasStreaming && Date.now() - began > silenceMs;
      const wait = hasLived ? 1_000 : this.#streamWaitMs;
      this.#streamWaitMs = hasLived
        ? streamWaitsMs.first
        : Math.min(wait * 2, streamWaitsMs.longest);
      if (!(await this.#span.sleep(wait))) return;
    }
  }

  async #listen(from: number): Promise<void> {
    const span = this.#span.within();
    const dies = (ms: number) => span.after(ms, () => span.end());
    let silence = dies(patienceMs);
    try {
      await readStream(this.#world.ask, from, span.signal, {
        onOpen: () => {
          this.#isStreaming = true;
          this.#next?.();
          this.#failures = 0;
          this.#world.onState('sse', 0, null);
        },
        onBytes: () => {
          silence();
          silence = dies(silenceMs);
        },
        onEvent: (event) => this.#world.onEvent(event, from),
      });
    } catch (problem) {
      if (!span.isOver && problem instanceof Forgotten) this.#world.onGap();
    } finally {
      span.end();
    }
  }
}
