import { ApiError } from './problem';
import { Span } from './span';
import { alone, keep, kept, keysOf, newId, type Storage } from './storage';
import type { Outgoing } from './store/state';
import type { Message, Post } from './types';

/** What an outbox needs of its surroundings. */
export type Surroundings = {
  /** Whose outbox it is. */
  owner: string;
  storage: Storage;
  isOnline: () => boolean;
  /** Hands a message to the server. */
  post: (item: Outgoing, signal: AbortSignal) => Promise<Message>;
  onChange: (items: readonly Outgoing[]) => void;
  onTaken: (item: Outgoing, message: Message) => void;
  /** Whether the device had room for what was to be kept. */
  onKept?: (isKept: boolean) => void;
};

/** How long to wait before the same message is tried once more. */
const waitsMs = [1_000, 2_000, 5_000, 10_000];
/** After so many answers that the server is in trouble, a message has failed. */
const patience = 3;

/**
 * What has been written and the server has not taken, kept on this device until it has.
 *
 * Messages go one after the other, in the order in which they were written, from one tab at a time,
 * and from another one where that has been closed. Each bears its `clientId` as `Idempotency-Key`, so
 * that a repeat is harmless. Without a network they wait; what the server refuses, or cannot take three
 * times, has failed until somebody retries it. What the device has no room for is sent all the same,
 * but lost when the page goes.
 */
export class Outbox {
  readonly #around: Surroundings;
  readonly #prefix: string;
  readonly #troubles = new Map<string, number>();
  /** What the device has no room for. */
  readonly #unkept = new Map<string, Outgoing>();
  #span: Span | null = null;
  #pause: Span | null = null;
  #isSending = false;
  #isWanted = false;
  #lastAt = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#prefix = `recado.outbox.${around.owner}.`;
  }

  /** Sends what waits, and what is added, until `stop`. */
  start(): void {
    if (this.#span) return;
    const span = new Span();
    this.#span = span;
    const hear = ({ key, newValue }: StorageEvent) => {
      if (!key?.startsWith(this.#prefix)) return;
      this.#changed();
      // The tab in which it was written may be gone before it is sent: where only one sends at a time,
      // this one waits for its turn.
      if (newValue !== null && globalThis.navigator?.locks) void this.#sendAll();
    };
    globalThis.addEventListener?.('storage', hear);
    span.atEnd(() => globalThis.removeEventListener?.('storage', hear));
    this.#changed();
    this.wake();
  }

  stop(): void {
    this.#span?.end();
    this.#span = null;
  }

  /** Returns the `clientId` by which the message is known from now on. */
  add(conversationId: string, post: Post): string {
    const clientId = newId();
    // They go in the order of their times, in which no two may be the same.
    this.#lastAt = Math.max(Date.now(), this.#lastAt + 1);
    const createdAt = new Date(this.#lastAt).toISOString();
    this.#put({ clientId, conversationId, post, createdAt, state: 'waiting' });
    this.wake();
    return clientId;
  }

  /** Tries a failed message once more, under the same key. Returns whether there is one. */
  retry(clientId: string): boolean {
    const item = this.items().find((each) => each.clientId === clientId);
    if (!item) return false;
    const { reason: _, ...rest } = item;
    this.#troubles.delete(clientId);
    this.#put({ ...rest, state: 'waiting' });
    this.wake();
    return true;
  }

  /** Lets go of a message that has not been taken. */
  discard(clientId: string): void {
    const item = this.items().find((each) => each.clientId === clientId);
    if (item) this.#take(item);
  }

  /** Does not wait any longer: the network may be back. */
  wake(): void {
    this.#pause?.end();
    void this.#sendAll();
  }

  /** All that has not been taken, the oldest first. */
  items(): Outgoing[] {
    const { storage } = this.#around;
    const keys = new Set([...keysOf(storage, this.#prefix), ...this.#unkept.keys()]);
    const items = [...keys]
      .sort()
      .map((key) => this.#unkept.get(key) ?? kept<Outgoing>(storage, key));
    return items.filter((item) => item !== null);
  }

  async #sendAll(): Promise<void> {
    this.#isWanted = true;
    if (this.#isSending) return;
    this.#isSending = true;
    // What is added while the last message goes out, is seen on another round.
    while (this.#isWanted && this.#span) {
      this.#isWanted = false;
      await this.#sendWaiting(this.#span);
    }
    this.#isSending = false;
  }

  async #sendWaiting(span: Span): Promise<void> {
    while (!span.isOver) {
      const wait = await alone(`${this.#prefix}lock`, () => this.#sendFirst(span));
      if (wait === null) return;
      if (wait > 0) await this.#sleep(span, wait);
    }
  }

  /** Tries the first message that waits. Returns how long to wait for the next try; `null` for ever. */
  async #sendFirst(span: Span): Promise<number | null> {
    const item = this.items().find(({ state }) => state === 'waiting');
    if (!item || span.isOver || !this.#around.isOnline()) return null;
    try {
      const message = await this.#around.post(item, span.signal);
      this.#troubles.delete(item.clientId);
      this.#around.onTaken(item, message);
      this.#take(item);
      return 0;
    } catch (problem) {
      return span.isOver ? null : this.#waitAfter(item, problem);
    }
  }

  #waitAfter(item: Outgoing, problem: unknown): number | null {
    const tries = (this.#troubles.get(item.clientId) ?? 0) + 1;
    this.#troubles.set(item.clientId, tries);
    const wait = waitsMs[Math.min(tries, waitsMs.length) - 1] ?? 0;
    if (!(problem instanceof ApiError)) return wait;
    // Whoever signs in again, wakes it.
    if (problem.status === 401) return null;
    if (problem.isPassing && (problem.status < 500 || tries < patience)) {
      return problem.retryAfterMs ?? wait;
    }
    this.#troubles.delete(item.clientId);
    const reason = { code: problem.code ?? String(problem.status), detail: problem.message };
    this.#put({ ...item, state: 'failed', reason });
    return 0;
  }

  async #sleep(span: Span, ms: number): Promise<void> {
    const pause = span.within();
    this.#pause = pause;
    await pause.sleep(ms);
    pause.end();
    if (this.#pause === pause) this.#pause = null;
  }

  #put(item: Outgoing): void {
    const key = this.#keyOf(item);
    const isKept = keep(this.#around.storage, key, item);
    if (isKept) this.#unkept.delete(key);
    else this.#unkept.set(key, item);
    this.#around.onKept?.(isKept);
    this.#changed();
  }

  #take(item: Outgoing): void {
    const key = this.#keyOf(item);
    this.#unkept.delete(key);
    this.#around.storage.removeItem(key);
    this.#changed();
  }

  #keyOf({ createdAt, clientId }: Outgoing): string {
    return `${this.#prefix}${createdAt}.${clientId}`;
  }

  #changed(): void {
    this.#around.onChange(this.items());
  }
}
