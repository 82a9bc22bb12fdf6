import type { Span } from './span';
import type { Store } from './store/store';
import type { ServerEvent, Signal, Typist } from './types';

/** Who says nothing more of it for so long has stopped, even if we were not told. */
const typingMs = 7_000;
/** How often the server is told that one still types. */
const typingEveryMs = 3_000;
/** Whoever says nothing more of looking at a conversation for so long, does so no more. */
const viewingMs = 45_000;
/** How often colleagues are told that one still looks. */
const viewingEveryMs = 20_000;
/** When they are told first: the room has to be entered before. */
const viewingAfterMs = 300;

/** People in conversations, and what they are there for. */
type Doing = 'typing' | 'viewers';

/** Who types, who looks at what, and who is there: of the moment, and never repeated. */
export class People {
  readonly #store: Store;
  readonly #emit: (name: string, id: string) => void;
  readonly #stops = new Map<string, () => void>();
  /** The conversations that one looks at, and how to tell so. */
  readonly #views = new Map<string, () => void>();
  #lastTold = { id: '', at: 0 };

  constructor(store: Store, emit: (name: string, id: string) => void) {
    this.#store = store;
    this.#emit = emit;
  }

  hear(span: Span, signal: Signal): void {
    switch (signal.name) {
      case 'typing:start':
        this.#with('typing', span, typingMs, signal.conversationId, signal.user);
        break;
      case 'typing:stop':
        this.#without('typing', signal.conversationId, signal.user.id);
        break;
      case 'viewing:start': {
        const { conversationId, user } = signal;
        const others = this.#store.getSnapshot().viewers.get(conversationId) ?? [];
        const isNew = others.every(({ id }) => id !== user.id);
        this.#with('viewers', span, viewingMs, conversationId, user);
        // Whoever has just come does not know of us.
        if (isNew) this.#views.get(conversationId)?.();
        break;
      }
      case 'viewing:stop':
        this.#without('viewers', signal.conversationId, signal.user.id);
        break;
      case 'presence:update': {
        const { userId, status, lastSeenAt } = signal;
        const presence = new Map(this.#store.getSnapshot().presence);
        this.#store.set({ presence: presence.set(userId, { status, lastSeenAt }) });
        break;
      }
      case 'visitor:presence': {
        if (signal.conversationId === null) break;
        const visitors = new Map(this.#store.getSnapshot().visitors);
        this.#store.set({ visitors: visitors.set(signal.conversationId, signal) });
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
      if (author) this.#without('typing', event.conversationId, author);
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
    this.#store.set({ typing: new Map(), viewers: new Map() });
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

  /** Lets colleagues know that one looks at a conversation, until the returned function is called. */
  view(conversationId: string): () => void {
    const tell = () => this.#emit('viewing:start', conversationId);
    const first = setTimeout(tell, viewingAfterMs);
    const again = setInterval(tell, viewingEveryMs);
    this.#views.set(conversationId, tell);
    return () => {
      clearTimeout(first);
      clearInterval(again);
      if (this.#views.get(conversationId) === tell) this.#views.delete(conversationId);
      this.#emit('viewing:stop', conversationId);
    };
  }

  #with(doing: Doing, span: Span, forMs: number, conversationId: string, user: Typist): void {
    const key = `${doing} ${conversationId} ${user.id}`;
    this.#stops.get(key)?.();
    const stop = span.after(forMs, () => this.#without(doing, conversationId, user.id));
    this.#stops.set(key, stop);
    this.#among(doing, conversationId, (others) => [...others, user], user.id);
  }

  #without(doing: Doing, conversationId: string, userId: string): void {
    const key = `${doing} ${conversationId} ${userId}`;
    this.#stops.get(key)?.();
    this.#stops.delete(key);
    this.#among(doing, conversationId, (others) => others, userId);
  }

  #among(
    doing: Doing,
    id: string,
    change: (others: readonly Typist[]) => readonly Typist[],
    userId: string,
  ): void {
    const before = this.#store.getSnapshot()[doing];
    const people = before.get(id) ?? [];
    const after = change(people.filter((each) => each.id !== userId));
    if (after.length === 0 && people.length === 0) return;
    const all = new Map(before);
    if (after.length > 0) all.set(id, after);
    else all.delete(id);
    this.#store.set({ [doing]: all });
  }
}
