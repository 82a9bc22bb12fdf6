import type { Bearer } from '../../inbox-client/link/link';
import { keep, kept, type Storage } from '../../inbox-client/storage';

/** The token of a visitor's chat, kept in this browser for the site; it opens that chat alone. */
export class Key implements Bearer {
  readonly #storage: Storage;
  readonly #name: string;
  #token: string | null;

  constructor(storage: Storage, inbox: string) {
    this.#storage = storage;
    this.#name = `recado.visitor.${inbox}`;
    this.#token = kept<string>(storage, this.#name);
  }

  get held(): string | null {
    return this.#token;
  }

  take(token: string): void {
    this.#token = token;
    keep(this.#storage, this.#name, token);
  }

  lose(): void {
    this.#token = null;
    this.#storage.removeItem(this.#name);
  }

  getSnapshot = () =>
    this.#token ? ({ by: 'visitor', token: this.#token } as const) : ({ by: 'stranger' } as const);

  token = async () => this.#token;

  /** There is no other: a chat that is over is begun anew. */
  renew = async () => 'refused' as const;
}
