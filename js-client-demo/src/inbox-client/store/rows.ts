import type { Conversation } from '../types';

type Fields = Partial<Conversation>;

/** A conversation as the server tells it, and as of which event it told each field. */
type Row = {
  told: Conversation | null;
  /** As of which event the whole was read. */
  seq: number;
  /** What events have told since, field by field. */
  later: Map<string, { seq: number; value: unknown }>;
  /** What has been asked of the server and is shown as if done. */
  wishes: Map<object, Fields>;
};

/**
 * Conversations, each field as its newest teller has it; what is told of a conversation that is not
 * held waits for it.
 */
export class Rows {
  readonly #rows = new Map<string, Row>();
  readonly #wished = new Set<string>();

  /** The whole conversation, as of event `seq`. */
  read(conversation: Conversation, seq: number): void {
    const row = this.#row(conversation.id);
    if (!row.told || seq >= row.seq) {
      row.told = conversation;
      row.seq = seq;
      for (const [field, { seq: told }] of row.later) if (told <= seq) row.later.delete(field);
    }
  }

  /** What an event tells of some fields. */
  told(id: string, fields: Fields, seq: number): void {
    const row = this.#row(id);
    for (const [field, value] of Object.entries(fields)) {
      const since = Math.max(row.told ? row.seq : -1, row.later.get(field)?.seq ?? -1);
      if (value !== undefined && seq > since) row.later.set(field, { seq, value });
    }
  }

  /** Shows some fields as if the server had agreed, until `settle`. */
  wish(id: string, fields: Fields): object {
    const wish = {};
    this.#row(id).wishes.set(wish, fields);
    this.#wished.add(id);
    return wish;
  }

  /**
   * The server has answered a wish, with how it is now, or not as wished (`null`). What has been told
   * since event `since`, when it was wished, is newer.
   */
  settle(id: string, wish: object, answer: Fields | null, since: number): void {
    const row = this.#row(id);
    const wished = row.wishes.get(wish) ?? {};
    row.wishes.delete(wish);
    if (row.wishes.size === 0) this.#wished.delete(id);
    if (!answer || !row.told) return;
    for (const field of Object.keys(wished) as (keyof Conversation)[]) {
      if (this.seqOf(id, field) > since) continue;
      row.later.set(field, { seq: since, value: answer[field] });
    }
  }

  /** A conversation as it is to be shown; `null` if it is not held. */
  shown(id: string): Conversation | null {
    const known = this.known(id);
    const wishes = this.#rows.get(id)?.wishes;
    return known && wishes?.size ? Object.assign({}, known, ...wishes.values()) : known;
  }

  /** A conversation as the server has it, as far as is known; `null` if it is not held. */
  known(id: string): Conversation | null {
    const row = this.#rows.get(id);
    if (!row?.told || row.later.size === 0) return row?.told ?? null;
    const later = Array.from(row.later, ([field, { value }]) => [field, value]);
    return Object.assign({}, row.told, Object.fromEntries(later));
  }

  /** The conversations of which something is wished. */
  wished(): Iterable<string> {
    return this.#wished;
  }

  /** As of which event a field is told. */
  seqOf(id: string, field: keyof Conversation): number {
    const row = this.#rows.get(id);
    return Math.max(row?.seq ?? -1, row?.later.get(field)?.seq ?? -1);
  }

  /** Lets go of a conversation. */
  drop(id: string): void {
    this.#rows.delete(id);
  }

  /** Lets go of all but what has been wished. */
  reset(): void {
    for (const [id, row] of this.#rows) if (row.wishes.size === 0) this.#rows.delete(id);
  }

  #row(id: string): Row {
    const row = this.#rows.get(id) ?? { told: null, seq: -1, later: new Map(), wishes: new Map() };
    this.#rows.set(id, row);
    return row;
  }
}
