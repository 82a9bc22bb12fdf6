import type { Bearer } from '../../inbox-client/link/link';
import { keep, kept, type Storage } from '../../inbox-client/storage';

/** The token of a visitor's chat, kept in this browser for the site; it opens that chat alone. */
export class Key implements Bearer {
  readonly #storage: Storage;
  readonly #name: string;
  #token: string | null = null;

  constructor(storage: Storage, inbox: string) {
    this.#storage = storage;
    this.#name = `recado.visitor.${inbox}`;
  }

  /** The token, also where another tab has begun the chat. */
  get held(): string | null {
    this.#token ??= this.#kept();
    return this.#token;
  }

  take(token: string): void {
    this.#token = token;
    keep(this.#storage, this.#name, token);
  }

  /** Lets go of a token that is not good any more. */
  lose(): void {
    // Another tab may have another one by now.
    if (this.#kept() === this.#token) this.#storage.removeItem(this.#name);
    this.#token = null;
  }

  getSnapshot = () => {
    const token = this.held;
    return token ? ({ by: 'visitor', token } as const) : ({ by: 'stranger' } as const);
  };

  token = async () => this.held;

  /** There is no other: a chat that is over is begun anew. */
  renew = async () => 'refused' as const;

  #kept(): string | null {
    return kept<string>(this.#storage, this.#name);
  }
}
