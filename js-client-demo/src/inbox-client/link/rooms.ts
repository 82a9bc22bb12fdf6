/** Conversations that are looked at: whoever is in their rooms hears who types there. */
export class Rooms {
  readonly #emit: (name: string, id: string) => void;
  readonly #visitors = new Map<string, number>();

  constructor(emit: (name: string, id: string) => void) {
    this.#emit = emit;
  }

  /** Enters a room until the returned function is called; one that is entered twice is left twice. */
  join(id: string): () => void {
    const others = this.#visitors.get(id) ?? 0;
    this.#visitors.set(id, others + 1);
    if (others === 0) this.#emit('conversation:join', id);
    return () => {
      const left = (this.#visitors.get(id) ?? 1) - 1;
      if (left > 0) {
        this.#visitors.set(id, left);
      } else {
        this.#visitors.delete(id);
        this.#emit('conversation:leave', id);
      }
    };
  }

  /** Enters all rooms again: a new socket is in none. */
  enter(): void {
    for (const id of this.#visitors.keys()) this.#emit('conversation:join', id);
  }
}
