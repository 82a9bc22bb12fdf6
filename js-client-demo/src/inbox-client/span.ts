/**
 * A stretch of time at whose end everything begun in it ends too: timers, requests, listeners, and
 * spans within.
 */
export class Span {
  readonly #ends = new Set<() => void>();
  #abort: AbortController | null = null;
  isOver = false;

  /** What `fetch` takes to be ended with this span. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  /** A span that ends with this one at the latest. */
  within(): Span {
    const inner = new Span();
    const forget = this.atEnd(() => inner.end());
    inner.atEnd(forget);
    return inner;
  }

  /** Does something once, unless the span is over by then. Returns how to call it off. */
  after(ms: number, what: () => void): () => void {
    if (this.isOver) return () => {};
    const timer = setTimeout(() => {
      forget();
      what();
    }, ms);
    const stop = () => clearTimeout(timer);
    const forget = this.atEnd(stop);
    return () => {
      forget();
      stop();
    };
  }

  /** Waits; `false` if the span ends before. */
  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timely = () => {
        forget();
        resolve(true);
      };
      const forget = this.atEnd(() => resolve(false));
      this.after(ms, timely);
    });
  }

  /** Does something when the span ends, at once if it has. Returns how to call it off. */
  atEnd(what: () => void): () => void {
    if (this.isOver) {
      what();
      return () => {};
    }
    this.#ends.add(what);
    return () => this.#ends.delete(what);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#abort?.abort();
    for (const what of [...this.#ends]) what();
    this.#ends.clear();
  }
}
