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
    this.#storage.removeItem(key);
    try {
      if (text !== '') this.#storage.setItem(key, text);
    } catch {
      // There is no room.
    }
  }
}
