import type { Line } from './types';

/** What is told of what agents have said. */
type Ears = {
  /** It has been seen. */
  onSeen: () => void;
  /** So much of it has not been, and how the newest begins. */
  onUnread: (count: number, preview: string) => void;
};

/** Whether somebody looks: what agents say is seen at once, or counted until it is. */
export class Attention {
  readonly #ears: Ears;
  /** What agents have said so far, which counts once however often it is read. */
  readonly #heard = new Set<string>();
  #isPaid = false;
  #unread = 0;

  constructor(ears: Ears) {
    this.#ears = ears;
  }

  /** Somebody looks, or no more. */
  pay(isPaid: boolean): void {
    this.#isPaid = isPaid;
    if (!isPaid) return;
    this.#unread = 0;
    this.#ears.onSeen();
  }

  /** Agents have said this, the newest last. */
  hear(lines: readonly Line[]): void {
    const fresh = lines.filter(({ id }) => !this.#heard.has(id));
    for (const { id } of fresh) this.#heard.add(id);
    if (this.#isPaid) {
      this.#ears.onSeen();
      return;
    }
    const newest = fresh.at(-1);
    if (!newest) return;
    this.#unread += fresh.length;
    this.#ears.onUnread(this.#unread, (newest.content || '📎').slice(0, 140));
  }
}
