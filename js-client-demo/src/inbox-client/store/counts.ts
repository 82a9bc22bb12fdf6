import type { Conversation, Sort } from '../types';

/** What a conversation was counted as when the board was read, and what it is counted as now. */
type Line = { before: Sort | null; beforeSeq: number; after: Sort; afterSeq: number };

/** By how much a column's figures differ from those that came with the board. */
export type Difference = { total: number; unread: number };

/**
 * Columns' figures since the board was read, kept from what events say.
 *
 * Of each conversation only the first and the last event count, so that neither order nor repeats
 * matter, and conversations that are not held are counted too.
 */
export class Counts {
  readonly #lines = new Map<string, Line>();
  readonly #differences = new Map<string, Difference>();

  /** An event has made a conversation another sort; `before` is `null` for one that is new. */
  told(id: string, seq: number, before: Sort | null, after: Sort): void {
    const line = this.#lines.get(id);
    if (line) this.#add(line, -1);
    const next = line ?? { before, beforeSeq: seq, after, afterSeq: seq };
    if (seq < next.beforeSeq) Object.assign(next, { before, beforeSeq: seq });
    if (seq > next.afterSeq) Object.assign(next, { after, afterSeq: seq });
    this.#lines.set(id, next);
    this.#add(next, 1);
  }

  /** By how much a column's figures differ. */
  of(stageId: string): Difference {
    return this.#differences.get(stageId) ?? { total: 0, unread: 0 };
  }

  /** Begins anew, from a board that has just been read. */
  reset(): void {
    this.#lines.clear();
    this.#differences.clear();
  }

  #add({ before, after }: Line, by: 1 | -1): void {
    if (before) this.#shift(before, -by);
    this.#shift(after, by);
  }

  #shift({ stageId, isUnread }: Sort, by: number): void {
    const { total, unread } = this.of(stageId);
    this.#differences.set(stageId, { total: total + by, unread: unread + (isUnread ? by : 0) });
  }
}

/** What a conversation is counted as. */
export function sortOf(conversation: Conversation): Sort {
  return {
    stageId: conversation.stageId,
    status: conversation.status,
    isAssigned: Boolean(conversation.assigneeId),
    isUnread: conversation.unreadCount > 0,
  };
}

/** What a conversation that was counted as `before` is counted as after an update. */
export function sortAfter(before: Sort, updates: Partial<Conversation>): Sort {
  const { stageId = before.stageId, status = before.status } = updates;
  return {
    stageId,
    status,
    isAssigned: updates.assigneeId === undefined ? before.isAssigned : updates.assigneeId !== null,
    isUnread: updates.unreadCount === undefined ? before.isUnread : updates.unreadCount > 0,
  };
}
