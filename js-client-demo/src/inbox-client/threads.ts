import { type Api, answer } from './rest';
import type { Span } from './span';
import type { Store } from './store/store';
import type { Message } from './types';

/** What threads need of their surroundings. */
type Surroundings = {
  api: Api;
  store: Store;
  /** The number of the last event that has come. */
  point: () => number;
  /** Hears who types there, until the returned function is called. */
  join: (id: string) => () => void;
  /** How long messages are kept of a conversation that nobody looks at. */
  keptMs: () => number;
  onChange: () => void;
};

/** A page of messages. */
const pageSize = 50;

/** Whose messages are held: those of conversations that somebody looks at, or did a while ago. */
export class Threads {
  readonly #around: Surroundings;
  readonly #viewers = new Map<string, number>();
  readonly #closing = new Map<string, () => void>();
  /** The pages that are on their way, by conversation. */
  readonly #coming = new Map<string, Promise<void>>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The conversations that somebody looks at. */
  get open(): string[] {
    return [...this.#viewers.keys()];
  }

  /** Holds a conversation's messages until the returned function is called, and for a while after. */
  look(id: string, span: () => Span | null): () => void {
    const { join, keptMs, onChange, store } = this.#around;
    this.#closing.get(id)?.();
    this.#closing.delete(id);
    this.#viewers.set(id, (this.#viewers.get(id) ?? 0) + 1);
    const leave = join(id);
    this.hold(id);
    onChange();
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      leave();
      const viewers = (this.#viewers.get(id) ?? 1) - 1;
      if (viewers > 0) return void this.#viewers.set(id, viewers);
      this.#viewers.delete(id);
      store.thread(id, (messages) => messages.trim());
      const close = () => {
        this.#closing.delete(id);
        store.closeThread(id);
      };
      const stop = span()?.after(keptMs(), close);
      if (stop) this.#closing.set(id, stop);
      onChange();
    };
  }

  /** Holds a conversation's newest messages, unless they are held already. */
  hold(id: string): void {
    if (this.#around.store.openThread(id)) void this.loadOlder(id);
  }

  /**
   * Fetches the newest page, then the one before the messages that are held, also again after a failure.
   * Who asks for one that is on its way waits for it.
   */
  async loadOlder(id: string): Promise<void> {
    const thread = this.#around.store.getSnapshot().threads.get(id);
    if (thread?.history === 'loading') return this.#coming.get(id);
    if (!thread || thread.history === 'complete') return;
    const page = this.#fetchOlder(id);
    this.#coming.set(id, page);
    await page;
    if (this.#coming.get(id) === page) this.#coming.delete(id);
  }

  async #fetchOlder(id: string): Promise<void> {
    const { api, store, point } = this.#around;
    const before = store.oldestIn(id);
    const since = point();
    store.thread(id, (messages) => messages.setHistory('loading'));
    const query = { limit: pageSize, ...(before && { before }) };
    try {
      const page = await answer(
        api.GET('/api/conversations/{id}/messages', { params: { path: { id }, query } }),
      );
      const messages = page.messages as Message[];
      if (!before) this.#noteUnread(id, messages);
      store.page(id, { messages, hasMore: page.hasMore }, since, before);
    } catch {
      store.thread(id, (messages) => messages.setHistory('failed'));
    }
  }

  /** Notes after which message the unread ones begin, for as long as the thread is held. */
  #noteUnread(id: string, messages: readonly Message[]): void {
    const { store } = this.#around;
    const unread = store.getSnapshot().conversations.get(id)?.unreadCount ?? 0;
    const inbound = messages.filter(({ direction }) => direction === 'INBOUND');
    const firstUnread = unread > 0 ? inbound.at(-unread) : undefined;
    const index = firstUnread ? messages.indexOf(firstUnread) : -1;
    store.thread(id, (thread) => thread.setReadUntil(messages[index - 1]?.id ?? null));
  }
}
