import type { Message } from '../types';
import { type Facts, factsOf, joined, shown } from './facts';
import type { Thread } from './state';

/** How many messages are kept of a conversation that nobody looks at. */
const keptMessages = 100;

/** The messages of one conversation, without gaps, each as its facts have it. */
export class Messages {
  readonly #facts = new Map<string, Facts>();
  #thread: Thread = { messages: [], history: 'more', readUntil: null };
  /** Whether the list of messages is a copy that has not been shown yet. */
  #isOwn = false;
  /** Whether a page has come: what is held before that, events have brought. */
  #isBegun = false;

  /** What is to be shown of it. */
  show(): Thread {
    this.#isOwn = false;
    return this.#thread;
  }

  has(id: string): boolean {
    return this.#facts.has(id);
  }

  get(id: string): Facts | undefined {
    return this.#facts.get(id);
  }

  /** Before which message the next page ends; `undefined` for the newest, which comes first. */
  get oldest(): string | undefined {
    return this.#isBegun ? this.#thread.messages[0]?.id : undefined;
  }

  /** Whether a message is older than all that is held, and so belongs to a page not yet fetched. */
  isHistory(message: Message): boolean {
    const first = this.#thread.messages[0];
    return first !== undefined && isBefore(message, first) && this.#thread.history !== 'complete';
  }

  /** Puts a message in its place, or says more about one that is there. */
  add(id: string, facts: Facts): void {
    const before = this.#facts.get(id);
    const after = before ? joined(before, facts) : facts;
    if (after === before) return;
    const message = shown(after);
    if (!message) return;
    this.#facts.set(id, after);
    const messages = this.#own();
    const old = before && shownAt(messages, id, shown(before));
    if (old !== undefined && old >= 0) {
      const isInPlace = messages[old]?.timestamp === message.timestamp;
      messages.splice(old, 1, ...(isInPlace ? [message] : []));
      if (isInPlace) return;
    }
    messages.splice(placeOf(messages, message), 0, message);
  }

  /** A page of older messages has come, read when event `seq` was the last. */
  addPage(page: { messages: Message[]; hasMore: boolean }, seq: number): void {
    if (!this.#isBegun && page.hasMore) this.#letGoBefore(page.messages);
    this.#isBegun = true;
    const [first] = this.#thread.messages;
    const older: Message[] = [];
    for (const message of page.messages) {
      const facts = factsOf(message, seq);
      if (this.has(message.id) || (first && !isBefore(message, first))) {
        this.add(message.id, facts);
        continue;
      }
      this.#facts.set(message.id, facts);
      older.push(message);
    }
    // All at once: to move what is held for each message would take the longer the more is held.
    const messages = [...older.sort(byTime), ...this.#thread.messages];
    this.#thread = { ...this.#thread, messages, history: page.hasMore ? 'more' : 'complete' };
    this.#isOwn = true;
  }

  setHistory(history: Thread['history']): void {
    this.#thread = { ...this.#thread, history };
  }

  setReadUntil(readUntil: string | null): void {
    this.#thread = { ...this.#thread, readUntil };
  }

  /** Lets go of all but the newest messages. */
  trim(): void {
    const { messages } = this.#thread;
    if (messages.length <= keptMessages) return;
    for (const { id } of messages.slice(0, -keptMessages)) this.#facts.delete(id);
    this.#thread = { ...this.#thread, messages: messages.slice(-keptMessages), history: 'more' };
  }

  /** Lets go of what goes before all of these: between both, others are missing. */
  #letGoBefore(page: readonly Message[]): void {
    const [first] = [...page].sort(byTime);
    if (!first) return;
    const isKept = (message: Message) => !isBefore(message, first);
    const { messages } = this.#thread;
    for (const message of messages) if (!isKept(message)) this.#facts.delete(message.id);
    this.#thread = { ...this.#thread, messages: messages.filter(isKept) };
    this.#isOwn = true;
  }

  #own(): Message[] {
    if (!this.#isOwn) {
      this.#thread = { ...this.#thread, messages: [...this.#thread.messages] };
      this.#isOwn = true;
    }
    return this.#thread.messages as Message[];
  }
}

/** Whether one message goes before another: by time, then by identifier. */
function isBefore(a: Message, b: Message): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.id < b.id);
}

function byTime(a: Message, b: Message): number {
  return isBefore(a, b) ? -1 : 1;
}

/** Where a message that is held stands. */
function shownAt(messages: readonly Message[], id: string, message: Message | null): number {
  const place = message ? placeOf(messages, message) : -1;
  return messages[place]?.id === id ? place : messages.findLastIndex((each) => each.id === id);
}

/** Before how many of the messages one goes; from the end, where most go. */
function placeOf(messages: readonly Message[], message: Message): number {
  const last = messages.at(-1);
  if (!last || isBefore(last, message)) return messages.length;
  let [from, to] = [0, messages.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = messages[middle];
    if (there && isBefore(there, message)) from = middle + 1;
    else to = middle;
  }
  return from;
}
