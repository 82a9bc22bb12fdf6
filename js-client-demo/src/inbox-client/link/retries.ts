import type { Settings } from '../settings';
import type { Span } from '../span';

/** When a socket is tried again: ever less often, until one is open. */
export class Retries {
  readonly #random: () => number;
  readonly #log: (line: string) => void;
  #failures = 0;
  #hasGivenUp = false;
  #nextAt: number | null = null;
  #callOff: (() => void) | null = null;

  constructor({ random, log }: { random: () => number; log: (line: string) => void }) {
    this.#random = random;
    this.#log = log;
  }

  /** How many tries in a row have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether no other will be made. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  /** When the next one is due, as `Date.now()` counts. */
  get nextAt(): number | null {
    return this.#nextAt;
  }

  /** One more has failed. Returns how many have in a row. */
  fail(): number {
    this.#failures += 1;
    return this.#failures;
  }

  /** Makes another one after a while, the longer the more have failed; none where that is enough. */
  later({ profile, profiles }: Settings['backoff'], run: Span, tryAgain: () => void): void {
    this.callOff();
    const { delaysMs, maxRetries } = profiles[profile] ?? { delaysMs: [30_000], maxRetries: null };
    if (maxRetries !== null && this.#failures > maxRetries) {
      this.#hasGivenUp = true;
      return;
    }
    const delay = delaysMs[Math.min(this.#failures, delaysMs.length) - 1] ?? 30_000;
    // So that those who lost the same server do not all come back at once.
    const ms = Math.round(delay * (0.8 + 0.4 * this.#random()));
    this.#log(`Retrying connection in ${ms}ms (attempt ${this.#failures})`);
    this.#nextAt = Date.now() + ms;
    this.#callOff = run.after(ms, tryAgain);
  }

  /** Does not make the next one. */
  callOff(): void {
    this.#callOff?.();
    this.#callOff = null;
    this.#nextAt = null;
  }

  /** Begins anew: a socket is open, or somebody wants one now. */
  reset(): void {
    this.callOff();
    this.#failures = 0;
    this.#hasGivenUp = false;
  }
}
