import { Outbox } from './outbox';
import { ApiError } from './problem';
import { type Api, answer } from './rest';
import { newId, type Storage } from './storage';
import type { Store } from './store/store';
import type { Message, Post } from './types';

/** What posts need of their surroundings. */
type Surroundings = {
  api: Api;
  store: Store;
  /** The number of the last event that has come. */
  point: () => number;
  owner: string;
  storage: Storage;
  isOnline: () => boolean;
  log: (line: string) => void;
};

/** What agents write, from when it is written until the server has it, and what they do with it then. */
export class Posts {
  readonly outbox: Outbox;
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    const { store, log } = around;
    this.#around = around;
    this.outbox = new Outbox({
      ...around,
      post: ({ conversationId, clientId, post }, signal) =>
        this.#post(conversationId, { ...post, clientId }, clientId, signal),
      onChange: (outbox) => store.set({ outbox }),
      // The answer says how the message began, also that of a repeat: whatever an event tells is newer,
      // and may well have come first.
      onTaken: ({ conversationId }, message) => store.message(conversationId, message, 0),
      onKept: (isKept) => {
        if (!isKept) log('no room to keep a message');
        store.set({ hasNoRoom: !isKept });
      },
    });
  }

  /** Waits until the server has taken what is known by `clientId`; fails if it refuses. */
  taken(clientId: string): Promise<void> {
    const { store } = this.#around;
    return new Promise((resolve, reject) => {
      const look = () => {
        const item = store.getSnapshot().outbox.find((each) => each.clientId === clientId);
        if (item?.state === 'waiting') return;
        stop();
        if (item) reject(new ApiError(0, item.reason?.code, item.reason?.detail));
        else resolve();
      };
      const stop = store.subscribe(look);
      look();
    });
  }

  /** Tries once more what could not be sent: by its `clientId`, or by the id of a message that has failed. */
  async retry(id: string, force: boolean): Promise<void> {
    if (this.outbox.retry(id)) return;
    const { api, store, point } = this.#around;
    const since = point();
    const params = { path: { id } };
    const message = await answer(api.POST('/api/messages/{id}/retry', { params, body: { force } }));
    const thread = [...store.getSnapshot().threads].find(([, { messages }]) =>
      messages.some((each) => each.id === id),
    );
    if (thread) store.message(thread[0], message as Message, since);
  }

  async react(conversationId: string, messageId: string, emoji: string | null): Promise<void> {
    const { store, point } = this.#around;
    const since = point();
    const post = { content: '', reaction: { messageId, emoji } };
    store.message(conversationId, await this.#post(conversationId, post, newId()), since);
  }

  async #post(
    to: string,
    body: Post & { clientId?: string },
    key: string,
    signal?: AbortSignal,
  ): Promise<Message> {
    const params = { path: { id: to } };
    const headers = { 'Idempotency-Key': key };
    const asked = this.#around.api.POST('/api/conversations/{id}/messages', {
      params,
      body: { content: '', isPrivate: false, ...body },
      headers,
      ...(signal && { signal }),
    });
    return (await answer(asked)) as Message;
  }
}
