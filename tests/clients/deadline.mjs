/** The time limit of one case: whatever the case waits for, it waits through this, so that nothing hangs. */
export class Deadline {
  #controller = new AbortController();
  #timer;
  #seconds;

  constructor(seconds) {
    this.#seconds = seconds;
    this.#timer = setTimeout(() => this.#controller.abort(), seconds * 1000);
  }

  /** For `fetch`, which can be cancelled. */
  get signal() {
    return this.#controller.signal;
  }

  /** Waits for `promise`, or fails when the time is up, saying `what` was missing. */
  async wait(what, promise) {
    const { signal } = this;
    let onAbort;
    const expired = new Promise((_, reject) => {
      onAbort = () => reject(new Error(`${what}: not within ${this.#seconds} s`));
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, expired]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  clear() {
    clearTimeout(this.#timer);
  }
}
