import type { ApiError } from '../../inbox-client/problem';
import { Span } from '../../inbox-client/span';

/** How long to wait at most before another try, in seconds. */
const longestWaitS = 30;

/** Something that is tried until it is done, ever less often. */
export class Trying {
  readonly #what: () => Promise<void>;
  readonly #onFailure: () => void;
  #isUnderWay = false;
  /** The wait before the next try. */
  #pause: Span | null = null;

  constructor(what: () => Promise<void>, onFailure: () => void) {
    this.#what = what;
    this.#onFailure = onFailure;
  }

  /**
   * Tries until it is done; called once more, does at once what is left of it. Throws what the server
   * refuses for good.
   */
  async start(): Promise<void> {
    this.hurry();
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      let tries = 0;
      while (!(await this.#succeeds(tries))) tries += 1;
    } finally {
      this.#isUnderWay = false;
    }
  }

  /** Does not wait any longer for the next try. */
  hurry(): void {
    this.#pause?.end();
  }

  /** Tries; if that fails, waits until it is worth another try. */
  async #succeeds(tries: number): Promise<boolean> {
    try {
      await this.#what();
      return true;
    } catch (problem) {
      this.#onFailure();
      const { isPassing, retryAfterMs } = problem as Partial<ApiError>;
      if (isPassing === false) throw problem;
      this.#pause = new Span();
      // So that those who lost the same server do not all come back at once.
      const wait = Math.min(2 ** tries, longestWaitS) * (800 + 400 * Math.random());
      await this.#pause.sleep(retryAfterMs ?? wait);
      return false;
    }
  }
}
