/** A small seeded generator (mulberry32), so that a run's choices can be repeated. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `from` up to `to`, both included. */
  between(from, to) {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick(choices) {
    return choices[this.between(0, choices.length - 1)];
  }

  chance(probability) {
    return this.next() < probability;
  }

  /** A generator of its own: what one part of a run draws does not change what another does. */
  fork() {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
