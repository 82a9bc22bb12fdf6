import type { paths } from './generated/api';
import { type Api, answer } from './rest';
import { cardsOf } from './store/select';
import type { Store } from './store/store';
import type { Conversation, ConversationStatus } from './types';

type Changes =
  paths['/api/conversations/{id}']['patch']['requestBody']['content']['application/json'];

/** Where in a column a card goes; at the top unless one of these is given. */
export type Spot = { before?: string; after?: string; atBottom?: boolean };

/**
 * What agents do with conversations. Each is shown at once; when the server refuses, it is taken back
 * and the promise fails with an `ApiError`.
 */
export class Edits {
  readonly #api: Api;
  readonly #store: Store;
  readonly #point: () => number;
  /** What is being marked as read, and which message was the newest in it. */
  readonly #reading = new Map<string, string | undefined>();

  constructor(api: Api, store: Store, point: () => number) {
    this.#api = api;
    this.#store = store;
    this.#point = point;
  }

  move(id: string, stageId: string, spot: Spot = {}): Promise<void> {
    return this.#edit(
      id,
      { stageId, ...spot },
      { stageId, position: this.#positionAt(id, stageId, spot) },
    );
  }

  assign(id: string, assigneeId: string | null): Promise<void> {
    return this.#edit(id, { assigneeId }, { assigneeId });
  }

  label(id: string, labels: string[]): Promise<void> {
    return this.#edit(id, { labels }, { labels });
  }

  status(id: string, status: Exclude<ConversationStatus, 'SNOOZED'>): Promise<void> {
    return this.#edit(id, { status }, { status, snoozedUntil: null });
  }

  snooze(id: string, until: Date): Promise<void> {
    const snoozedUntil = until.toISOString();
    return this.#edit(id, { status: 'SNOOZED', snoozedUntil }, { status: 'SNOOZED', snoozedUntil });
  }

  /** Nothing is unread in it any more, and its customer may know. */
  async markRead(id: string): Promise<void> {
    const conversation = this.#store.getSnapshot().conversations.get(id);
    if (!conversation?.unreadCount) return;
    const newest = conversation.lastMessage?.id;
    // What came while that was under way may have come too late for it.
    if (this.#reading.has(id) && this.#reading.get(id) === newest) return;
    this.#reading.set(id, newest);
    try {
      await this.#wished(id, { unreadCount: 0 }, () =>
        this.#api.POST('/api/conversations/{id}/read', { params: { path: { id } } }),
      );
    } finally {
      if (this.#reading.get(id) === newest) this.#reading.delete(id);
    }
  }

  async markUnread(id: string): Promise<void> {
    await this.#wished(id, { unreadCount: 1 }, () =>
      this.#api.POST('/api/conversations/{id}/unread', { params: { path: { id } } }),
    );
  }

  #edit(id: string, body: Changes, fields: Partial<Conversation>): Promise<void> {
    return this.#wished(id, fields, () =>
      this.#api.PATCH('/api/conversations/{id}', { params: { path: { id } }, body }),
    );
  }

  async #wished(
    id: string,
    fields: Partial<Conversation>,
    ask: () => Promise<{ data?: unknown; error?: unknown; response: Response }>,
  ): Promise<void> {
    const settle = this.#store.wish(id, fields, this.#point());
    try {
      settle(((await answer(ask())) as Conversation | undefined) ?? fields);
    } catch (problem) {
      settle(null);
      throw problem;
    }
  }

  /** A place that sorts where the card is to go, until the server has said which it is. */
  #positionAt(id: string, stageId: string, { before, after, atBottom }: Spot): string {
    const cards = cardsOf(this.#store.getSnapshot(), stageId).filter((card) => card.id !== id);
    const index = before
      ? cards.findIndex((card) => card.id === before)
      : after
        ? cards.findIndex((card) => card.id === after) + 1
        : atBottom
          ? cards.length
          : 0;
    const above = cards[index - 1];
    // Nothing sorts between a text and that text with the smallest of all signs behind it.
    return above ? `${above.position}\u0000` : '';
  }
}
