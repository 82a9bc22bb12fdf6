import { keysOf, type Storage } from './storage';

/** What has been begun and not sent, by conversation, kept on this device for one person. */
export class Drafts {
  readonly #storage: Storage;
  readonly #prefix: string;

  constructor(storage: Storage, owner: string) {
    this.#storage = storage;
    this.#prefix = `recado.draft.${owner}.`;
  }

  all(): Map<string, string> {
    const keys = keysOf(this.#storage, this.#prefix);
    return new Map(
      keys.map((key) => [key.slice(this.#prefix.length), this.#storage.getItem(key) ?? '']),
    );
  }

  /** Keeps a draft; an empty one is forgotten. A device without room keeps none. */
  keep(conversationId: string, text: string): void {
    const key = this.#prefix + conversationId;
    try {
      if (text === '') this.#storage.removeItem(key);
      else this.#storage.setItem(key, text);
    } catch {
      // There is no room, and what stands there is not it any more.
      this.#storage.removeItem(key);
    }
  }

  /** Tells what another tab begins, goes on with or sends, until the returned function is called. */
  listen(tell: (conversationId: string, text: string) => void): () => void {
    const hear = ({ key, newValue }: StorageEvent) => {
      if (key?.startsWith(this.#prefix)) tell(key.slice(this.#prefix.length), newValue ?? '');
    };
    globalThis.addEventListener?.('storage', hear);
    return () => globalThis.removeEventListener?.('storage', hear);
  }
}
