import type { ApiError } from './problem';
import { type Api, answer } from './rest';
import type { Span } from './span';
import type { ChatFilter } from './store/select';
import type { Store } from './store/store';
import type { Conversation } from './types';

/** Those that one hears of are fetched so many at a time. */
const atOnce = 10;
const everyMs = 250;
/** Those that cannot be had just now are asked for again after so long. */
const againMs = 5_000;

/** Fetches conversations that are not held: page by page, and those that one hears of. */
export class Chats {
  readonly #api: Api;
  readonly #store: Store;
  readonly #point: () => number;
  readonly #unknown = new Set<string>();
  #isFetching = false;

  constructor(api: Api, store: Store, point: () => number) {
    this.#api = api;
    this.#store = store;
    this.#point = point;
  }

  /**
   * Fetches a page of conversations into the state, where `chatsOf` finds them. Returns where the next
   * page begins; `null` after the last.
   */
  async load(
    filter: ChatFilter,
    cursor: string | undefined,
    limit: number,
  ): Promise<string | null> {
    const { words, assigneeId, ...rest } = filter;
    const query = {
      ...defined(rest),
      ...(words && { q: words }),
      ...(assigneeId !== undefined && { assignee: assigneeId ?? 'none' }),
      ...(cursor && { cursor }),
      limit,
    };
    const page = await answer(this.#api.GET('/api/conversations', { params: { query } }));
    this.#store.conversations(page.conversations as Conversation[], page.seq);
    return page.nextCursor ?? null;
  }

  /**
   * Fetches conversations, some at a time; without a run, with the next that are met. Tries again until
   * the server has said what there is: no other event may ever tell of them.
   */
  async meet(ids: Iterable<string>, run: Span | null): Promise<void> {
    for (const id of ids) this.#unknown.add(id);
    if (this.#isFetching || !run) return;
    this.#isFetching = true;
    try {
      while (this.#unknown.size > 0 && !run.isOver) {
        const some = [...this.#unknown].slice(0, atOnce);
        for (const id of some) this.#unknown.delete(id);
        const since = this.#point();
        const met = await Promise.all(some.map((id) => this.#fetch(id, run)));
        this.#store.conversations(
          met.filter((each) => each !== null),
          since,
        );
        if (!(await run.sleep(everyMs))) return;
      }
    } finally {
      this.#isFetching = false;
    }
  }

  /** A conversation; `null` if there is none, or it is to be met later. */
  async #fetch(id: string, run: Span): Promise<Conversation | null> {
    const params = { path: { id } };
    try {
      const asked = this.#api.GET('/api/conversations/{id}', { params, signal: run.signal });
      return (await answer(asked)) as Conversation;
    } catch (problem) {
      const { isPassing, retryAfterMs } = problem as Partial<ApiError>;
      if (isPassing !== false) void this.#meetLater(id, retryAfterMs ?? againMs, run);
      return null;
    }
  }

  async #meetLater(id: string, waitMs: number, run: Span): Promise<void> {
    const isOn = await run.sleep(waitMs);
    await this.meet([id], isOn ? run : null);
  }
}

function defined<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
