import type { Conversation, Message, ServerEvent, Stage } from '../types';
import { Counts, sortAfter, sortOf } from './counts';
import { type Facts, factsOf, joined, shown, statusFacts } from './facts';
import { Rows } from './rows';
import { nothingYet, type State } from './state';
import { Messages } from './thread';

/** Facts about messages that are not held, of which more may come, are kept for so many. */
const looseFacts = 4_000;

/** How many conversations are held; beyond that, those let go had the oldest messages. */
const heldConversations = 20_000;

/** A board, as `GET /api/board` answers. */
export type Board = { seq: number; stages: (Stage & { conversations: Conversation[] })[] };

/**
 * What the server has told, in one value that is replaced as a whole.
 *
 * Whatever the order in which events and answers come, also a second time, the value is the same in
 * the end. A batch copies each list at most once, however many events it holds.
 */
export class Store {
  #state: State = nothingYet;
  #board: readonly Stage[] = [];
  #boardSeq = -1;
  #stagesSeq = -1;
  readonly #listeners = new Set<() => void>();
  readonly #counts = new Counts();
  readonly #rows = new Rows();
  readonly #threads = new Map<string, Messages>();
  readonly #loose = new Map<string, Facts>();
  /** Conversations and threads that have changed since they were last shown. */
  readonly #changed = new Set<string>();
  readonly #changedThreads = new Set<string>();

  getSnapshot = (): State => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Replaces some parts of the state as they are. */
  set(parts: Partial<State>): void {
    const keys = Object.keys(parts) as (keyof State)[];
    if (keys.every((key) => parts[key] === this.#state[key])) return;
    this.#state = { ...this.#state, ...parts };
    for (const listener of this.#listeners) listener();
  }

  /** A board that has just been read: its figures hold, its cards are held. */
  board({ seq, stages }: Board): void {
    if (seq < this.#boardSeq) return;
    this.#boardSeq = seq;
    this.#counts.reset();
    this.#board = stages.map(({ id, name, color, total, unread }) => ({
      id,
      name,
      color,
      total,
      unread,
    }));
    this.#stagesSeq = Math.max(this.#stagesSeq, seq);
    for (const { conversations } of stages) this.#hold(conversations, seq);
    this.#show({ phase: 'ready' });
  }

  /** Conversations as of event `seq`. */
  conversations(conversations: readonly Conversation[], seq: number): void {
    this.#hold(conversations, seq);
    this.#show();
  }

  /** Events, with one change of the state for all of them. Returns the conversations that are not held. */
  apply(events: readonly ServerEvent[]): Set<string> {
    const unknown = new Set<string>();
    let arrival = this.#state.arrival;
    for (const event of events) {
      const id = this.#applyOne(event);
      if (id && !this.#rows.shown(id)) unknown.add(id);
      if (event.name === 'message:new' && event.message.direction === 'INBOUND') {
        arrival = { conversationId: event.conversationId, messageId: event.message.id };
      }
    }
    this.#show({ arrival, lastUpdated: Date.now() });
    return unknown;
  }

  /** Holds a conversation's messages from now on. Returns whether it did not before. */
  openThread(id: string): boolean {
    if (this.#threads.has(id)) return false;
    this.#threads.set(id, new Messages());
    this.#changedThreads.add(id);
    this.#show();
    return true;
  }

  /** Says something about a thread that is held, or puts messages there. */
  thread(id: string, change: (messages: Messages) => void): void {
    const messages = this.#threads.get(id);
    if (!messages) return;
    change(messages);
    this.#changedThreads.add(id);
    this.#show();
  }

  /** Before which message a thread's next page ends; `undefined` for the newest, which comes first. */
  oldestIn(id: string): string | undefined {
    return this.#threads.get(id)?.oldest;
  }

  /** A page of a thread's messages, the newest or those before `before`, read when event `seq` was the last. */
  page(
    id: string,
    page: { messages: Message[]; hasMore: boolean },
    seq: number,
    before?: string,
  ): void {
    this.thread(id, (messages) => {
      // Without what it goes before, others are missing between the page and what is held.
      if (before && !messages.has(before)) return;
      messages.addPage(page, seq);
      for (const message of page.messages) this.#joinLoose(messages, message.id);
    });
  }

  /** A message that the server has answered with when event `seq` was the last. */
  message(conversationId: string, message: Message, seq: number): void {
    this.#tellMessage(conversationId, message.id, factsOf(message, seq));
    this.#show();
  }

  /** A message as of event `seq`, with what has been told of it since; it need not be held. */
  asTold(message: Message, seq: number): Message {
    const facts = this.#loose.get(message.id);
    return (facts && shown(joined(facts, factsOf(message, seq)))) ?? message;
  }

  closeThread(id: string): void {
    this.#threads.delete(id);
    this.#changedThreads.add(id);
    this.#show();
  }

  /** Shows some fields as if the server had agreed. Returns how to end that, with its answer if it has. */
  wish(
    id: string,
    fields: Partial<Conversation>,
    since: number,
  ): (answer: Partial<Conversation> | null) => void {
    const wish = this.#rows.wish(id, fields);
    this.#changed.add(id);
    this.#show();
    return (answer) => {
      this.#rows.settle(id, wish, answer, since);
      this.#changed.add(id);
      this.#show();
    };
  }

  /** Lets go of all that events have told: it is about to be read afresh. */
  forget(): void {
    this.#loose.clear();
    this.#rows.reset();
    this.#boardSeq = -1;
    this.#stagesSeq = -1;
    for (const id of this.#state.conversations.keys()) this.#changed.add(id);
    for (const id of this.#threads.keys()) this.#changedThreads.add(id);
    this.#threads.clear();
  }

  #hold(conversations: readonly Conversation[], seq: number): void {
    for (const conversation of conversations) {
      this.#rows.read(conversation, seq);
      this.#changed.add(conversation.id);
    }
  }

  /** Returns the conversation that an event is about, if it should be held. */
  #applyOne(event: ServerEvent): string | null {
    switch (event.name) {
      case 'message:new':
      case 'message:updated':
        this.#tellMessage(
          event.conversationId,
          event.message.id,
          factsOf(event.message, event.seq),
        );
        return event.conversationId;
      case 'message:status-update': {
        const facts = statusFacts(event.status, event.seq, event.error, event.whatsappMessageId);
        this.#tellMessage(event.conversationId, event.messageId, facts);
        return null;
      }
      case 'conversation:new': {
        const { conversation, seq } = event;
        this.#hold([conversation], seq);
        this.#count(conversation.id, seq, null, sortOf(conversation));
        return null;
      }
      case 'conversation:updated': {
        const {
          conversationId: id,
          seq,
          lastMessage,
          lastMessageAt,
          updates = {},
          previous,
        } = event;
        this.#rows.told(
          id,
          {
            ...updates,
            ...(lastMessage && { lastMessage }),
            ...(lastMessageAt && { lastMessageAt }),
          },
          seq,
        );
        this.#changed.add(id);
        if (previous) this.#count(id, seq, previous, sortAfter(previous, updates));
        return id;
      }
      case 'stages:updated':
        if (event.seq > this.#stagesSeq) {
          this.#stagesSeq = event.seq;
          const was = new Map(this.#board.map((stage) => [stage.id, stage]));
          this.#board = event.stages.map((stage) => ({
            total: 0,
            unread: 0,
            ...was.get(stage.id),
            ...stage,
          }));
        }
        return null;
      case 'inbox:updated':
        for (const { id, inbox } of this.#state.conversations.values()) {
          if (inbox.id !== event.inbox.id) continue;
          this.#rows.told(id, { inbox: event.inbox }, event.seq);
          this.#changed.add(id);
        }
        return null;
      case 'notification:new':
      case 'access:changed':
      case 'session:updated':
      case 'session:closed':
        return null;
    }
  }

  #count(
    id: string,
    ...told: Parameters<Counts['told']> extends [string, ...infer Rest] ? Rest : never
  ): void {
    if (told[0] > this.#boardSeq) this.#counts.told(id, ...told);
  }

  #tellMessage(conversationId: string, id: string, facts: Facts): void {
    const messages = this.#threads.get(conversationId);
    const isNew = facts.message && !(messages?.isHistory(facts.message) ?? true);
    if (messages && (messages.has(id) || isNew)) {
      messages.add(id, facts);
      this.#joinLoose(messages, id);
      this.#changedThreads.add(conversationId);
    }
    this.#keepLoose(id, facts);
    const last = this.#state.conversations.get(conversationId)?.lastMessage;
    if (last?.id === id) this.#changed.add(conversationId);
  }

  #keepLoose(id: string, facts: Facts): void {
    const before = this.#loose.get(id);
    this.#loose.delete(id);
    this.#loose.set(id, before ? joined(before, facts) : facts);
    if (this.#loose.size <= looseFacts) return;
    for (const oldest of this.#loose.keys()) {
      this.#loose.delete(oldest);
      break;
    }
  }

  #joinLoose(messages: Messages, id: string): void {
    const facts = this.#loose.get(id);
    if (facts) messages.add(id, facts);
  }

  /** Makes the state what the rows and threads are by now. */
  #show(parts: Partial<State> = {}): void {
    const changes: Partial<State> = { ...parts };
    if (this.#changed.size > 0) changes.conversations = this.#shownConversations();
    if (this.#changedThreads.size > 0) {
      const threads = new Map(this.#state.threads);
      for (const id of this.#changedThreads) {
        const messages = this.#threads.get(id);
        if (messages) threads.set(id, messages.show());
        else threads.delete(id);
      }
      this.#changedThreads.clear();
      changes.threads = threads;
    }
    changes.stages = this.#shownStages();
    this.set(changes);
  }

  #shownConversations(): State['conversations'] {
    const conversations = new Map(this.#state.conversations);
    for (const id of this.#changed) {
      const conversation = this.#rows.shown(id);
      if (conversation) conversations.set(id, this.#withLast(conversation));
      else conversations.delete(id);
    }
    this.#changed.clear();
    if (conversations.size > heldConversations) this.#letGo(conversations);
    return conversations;
  }

  #withLast(conversation: Conversation): Conversation {
    const last = conversation.lastMessage;
    if (!last || !this.#loose.has(last.id)) return conversation;
    const seq = this.#rows.seqOf(conversation.id, 'lastMessage');
    return { ...conversation, lastMessage: this.asTold(last, seq) };
  }

  #letGo(conversations: Map<string, Conversation>): void {
    const activity = ({ lastMessageAt, createdAt }: Conversation) => lastMessageAt ?? createdAt;
    const oldestFirst = [...conversations.values()]
      .filter(({ id }) => !this.#threads.has(id))
      .sort((a, b) => (activity(a) < activity(b) ? -1 : 1));
    for (const { id } of oldestFirst.slice(0, conversations.size - heldConversations)) {
      conversations.delete(id);
      this.#rows.drop(id);
    }
  }

  #shownStages(): readonly Stage[] {
    const wished = new Counts();
    for (const id of this.#rows.wished()) {
      const [known, shown] = [this.#rows.known(id), this.#rows.shown(id)];
      if (known && shown) wished.told(id, 0, sortOf(known), sortOf(shown));
    }
    const stages = this.#board.map((stage) => {
      const [told, hoped] = [this.#counts.of(stage.id), wished.of(stage.id)];
      const total = stage.total + told.total + hoped.total;
      return { ...stage, total, unread: stage.unread + told.unread + hoped.unread };
    });
    const same = (stage: Stage, index: number) => {
      const before = this.#state.stages[index];
      return (Object.keys(stage) as (keyof Stage)[]).every((key) => before?.[key] === stage[key]);
    };
    const isSame = stages.length === this.#state.stages.length && stages.every(same);
    return isSame ? this.#state.stages : stages;
  }
}
