import type { Span } from './span';
import type { Store } from './store/store';
import type { ServerEvent, Signal, Typist } from './types';

/** Who says nothing more of it for so long has stopped, even if we were not told. */
const typingMs = 7_000;
/** How often the server is told that one still types. */
const typingEveryMs = 3_000;

/** Who types and who is there: of the moment, and never repeated. */
export class People {
  readonly #store: Store;
  readonly #emit: (name: string, id: string) => void;
  readonly #stops = new Map<string, () => void>();
  #lastTold = { id: '', at: 0 };

  constructor(store: Store, emit: (name: string, id: string) => void) {
    this.#store = store;
    this.#emit = emit;
  }

  hear(span: Span, signal: Signal): void {
    switch (signal.name) {
      case 'typing:start': {
        const { conversationId, user } = signal;
        const key = `${conversationId} ${user.id}`;
        this.#stops.get(key)?.();
        this.#stops.set(
          key,
          span.after(typingMs, () => this.#without(conversationId, user.id)),
        );
        this.#typing(conversationId, (others) => [...others, user], user.id);
        break;
      }
      case 'typing:stop':
        this.#without(signal.conversationId, signal.user.id);
        break;
      case 'presence:update': {
        const { userId, status, lastSeenAt } = signal;
        const presence = new Map(this.#store.getSnapshot().presence);
        this.#store.set({ presence: presence.set(userId, { status, lastSeenAt }) });
        break;
      }
    }
  }

  /** Whoever has written has stopped typing. */
  read(events: readonly ServerEvent[]): void {
    for (const event of events) {
      if (event.name !== 'message:new') continue;
      const { direction, contact, metadata } = event.message;
      const author = direction === 'INBOUND' ? contact.id : metadata.author?.id;
      if (author) this.#without(event.conversationId, author);
    }
  }

  /** The answer of `GET /api/presence`. */
  present(
    users: readonly { userId: string; status: 'online' | 'offline'; lastSeenAt: string }[],
  ): void {
    const presence = new Map(users.map(({ userId, ...presence }) => [userId, presence]));
    this.#store.set({ presence });
  }

  /** Nobody can be told any more that they have stopped. */
  forget(): void {
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
    this.#store.set({ typing: new Map() });
  }

  /** One types, or does not any more; called with each key. */
  type(conversationId: string, isTyping: boolean): void {
    const { id, at } = this.#lastTold;
    if (!isTyping) {
      if (id === conversationId) this.#emit('typing:stop', conversationId);
      this.#lastTold = { id: '', at: 0 };
    } else if (id !== conversationId || Date.now() - at >= typingEveryMs) {
      this.#lastTold = { id: conversationId, at: Date.now() };
      this.#emit('typing:start', conversationId);
    }
  }

  #without(conversationId: string, userId: string): void {
    const key = `${conversationId} ${userId}`;
    this.#stops.get(key)?.();
    this.#stops.delete(key);
    this.#typing(conversationId, (others) => others, userId);
  }

  #typing(
    id: string,
    change: (others: readonly Typist[]) => readonly Typist[],
    userId: string,
  ): void {
    const before = this.#store.getSnapshot().typing;
    const typists = before.get(id) ?? [];
    const after = change(typists.filter((each) => each.id !== userId));
    if (after.length === 0 && typists.length === 0) return;
    const typing = new Map(before);
    if (after.length > 0) typing.set(id, after);
    else typing.delete(id);
    this.#store.set({ typing });
  }
}
