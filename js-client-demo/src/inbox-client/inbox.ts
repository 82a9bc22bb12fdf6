import { Chats } from './chats';
import { Drafts } from './drafts';
import { Edits, type Spot } from './edits';
import { Link } from './link/link';
import type { Outbox } from './outbox';
import { type Outside, outsideOf } from './outside';
import { ownerOf } from './owner';
import { People } from './people';
import { Posts } from './posts';
import { type Api, authorised, openApi } from './rest';
import type { Session } from './session';
import { fetchSettings, type Settings, usualSettings } from './settings';
import { Snapshot } from './snapshot';
import { Span } from './span';
import type { ChatFilter } from './store/select';
import type { State } from './store/state';
import { Store } from './store/store';
import { Threads } from './threads';
import type { ConversationStatus, Message, Post, ServerEvent } from './types';
import { type Upload, upload } from './upload';

/**
 * A tenant's inbox as it is now: what there is to show, and what can be done about it.
 *
 * It belongs to who is signed in when it is made. `start` and `stop` may be called in any order and as
 * often as one likes; what is held stays held in between.
 */
export class Inbox {
  readonly session: Session;
  /** By whom things on this device are told apart: the tenant and the person. */
  readonly owner: string;
  /** The REST API, for what is not live. */
  readonly api: Api;
  readonly #store = new Store();
  readonly #link: Link;
  readonly #posts: Posts;
  readonly #outbox: Outbox;
  readonly #snapshot: Snapshot;
  readonly #chats: Chats;
  readonly #drafts: Drafts;
  readonly #people: People;
  readonly #edits: Edits;
  readonly #threads: Threads;
  readonly #ask: (path: string, init: RequestInit) => Promise<Response>;
  readonly #outside: Required<Outside>;
  readonly #hearers = new Set<(events: readonly ServerEvent[]) => void>();
  #settings: Settings = usualSettings;
  #run: Span | null = null;

  constructor(session: Session, outside: Outside = {}) {
    this.session = session;
    this.#outside = outsideOf(outside);
    const { baseUrl, fetch, browser, storage, log } = this.#outside;
    this.api = openApi(session, { baseUrl, fetch });
    this.#ask = (path, init) => authorised(session, fetch, new Request(this.#url(path), init));
    const owner = ownerOf(session.getSnapshot());
    this.owner = owner;
    const needs = { api: this.api, store: this.#store, point: () => this.#link.point ?? 0 };
    this.#link = new Link({
      ...this.#outside,
      session,
      ask: this.#ask,
      onConnection: (connection) => this.#store.set({ connection }),
      onEvents: (events) => this.#apply(events),
      onSignal: (signal) => this.#run && this.#people.hear(this.#run, signal),
      onGap: () => void this.#load(),
      onOpen: () => void this.#meetPeople(),
    });
    this.#people = new People(this.#store, (name, id) => this.#link.emit(name, id));
    this.#edits = new Edits(this.api, this.#store, needs.point);
    this.#threads = new Threads({
      ...needs,
      join: (id) => this.#link.join(id),
      keptMs: () => this.#settings.cache.ttlMs,
      onChange: () => this.#link.setActive(this.#threads.open.length > 0),
    });
    this.#posts = new Posts({ ...needs, owner, storage, log, isOnline: browser.isOnline });
    this.#outbox = this.#posts.outbox;
    this.#chats = new Chats(this.api, this.#store, needs.point);
    this.#snapshot = new Snapshot({
      ...needs,
      point: () => this.#link.point,
      onRead: (seq) => {
        for (const id of this.#threads.open) this.#threads.hold(id);
        this.#link.begin(seq);
      },
      onRefused: (why) => this.#link.refuse(why),
    });
    this.#drafts = new Drafts(storage, owner);
    this.#store.set({ drafts: this.#drafts.all() });
  }

  // What there is

  getSnapshot = (): State => this.#store.getSnapshot();

  /** The number of the last event up to which all has come; `null` before the first. */
  get cursor(): number | null {
    return this.#link.point;
  }

  /** Calls back after each change of the state, until the returned function is called. */
  subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener);

  /** Tells of events in order and each once, as they come, until the returned function is called. */
  listen(hear: (events: readonly ServerEvent[]) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  // Beginning and end

  /** Loads, connects, and stays up to date until `stop`. */
  start(): void {
    if (this.#run) return;
    const run = new Span();
    this.#run = run;
    run.atEnd(this.session.subscribe(() => this.#meet()));
    run.atEnd(
      this.#outside.browser.listen((what) => {
        if (what === 'online' || what === 'visible') this.#outbox.wake();
      }),
    );
    run.atEnd(this.#drafts.listen((id, text) => this.#showDraft(id, text)));
    this.#link.start();
    this.#outbox.start();
    void this.#configure(run);
    void this.#load();
    this.#meetConversations([]);
  }

  /** Leaves no timer, no socket, no request and no listener. */
  stop(): void {
    this.#link.stop();
    this.#outbox.stop();
    this.#people.forget();
    this.#run?.end();
    this.#run = null;
  }

  /** Tries at once to reach the server, instead of when the next try is due. */
  reconnect(): void {
    this.#link.retry();
    this.#outbox.wake();
    if (this.getSnapshot().phase !== 'ready') void this.#load();
  }

  // Conversations

  /**
   * Fetches a page of conversations into the state, where `chatsOf` finds them. Returns where the next
   * page begins; `null` after the last.
   */
  loadChats(filter: ChatFilter = {}, cursor?: string, limit = 50): Promise<string | null> {
    return this.#chats.load(filter, cursor, limit);
  }

  /** Fetches the board and the first page of conversations again. */
  async refresh(): Promise<void> {
    await Promise.all([this.#load(), this.loadChats()]);
  }

  /** Shows a conversation elsewhere on the board, at the top unless it is told where. */
  move(id: string, stageId: string, spot?: Spot): Promise<void> {
    return this.#edits.move(id, stageId, spot);
  }

  /** Gives a conversation to an agent; `null` for nobody. */
  assign(id: string, userId: string | null): Promise<void> {
    return this.#edits.assign(id, userId);
  }

  label(id: string, labels: string[]): Promise<void> {
    return this.#edits.label(id, labels);
  }

  /** Resolves or reopens a conversation, or leaves it to the customer. */
  status(id: string, status: Exclude<ConversationStatus, 'SNOOZED'>): Promise<void> {
    return this.#edits.status(id, status);
  }

  snooze(id: string, until: Date): Promise<void> {
    return this.#edits.snooze(id, until);
  }

  markRead(id: string): Promise<void> {
    return this.#edits.markRead(id);
  }

  markUnread(id: string): Promise<void> {
    return this.#edits.markUnread(id);
  }

  // Messages

  /**
   * Holds a conversation's messages, newest page first, and hears who types there, until the returned
   * function is called. Whoever opens it again within five minutes finds the last 100 at once.
   */
  open(id: string): () => void {
    if (!this.getSnapshot().conversations.has(id)) this.#meetConversations([id]);
    return this.#threads.look(id, () => this.#run);
  }

  /** Fetches the page before the messages that are held, also again after a failure. */
  loadOlder(id: string): Promise<void> {
    return this.#threads.loadOlder(id);
  }

  /** A message that was read when `cursor` was `seq`, and need not be held, with what was told since. */
  asTold(message: Message, seq: number): Message {
    return this.#store.asTold(message, seq);
  }

  /**
   * Writes to the customer: shown at once, kept on this device until the server has it, and sent once.
   * Returns the `clientId` by which it is known. What has been begun stays: it may be something else.
   */
  send(conversationId: string, post: string | Post): string {
    const whole = typeof post === 'string' ? { content: post } : post;
    this.type(conversationId, false);
    return this.#outbox.add(conversationId, whole);
  }

  /** Writes a note among agents that no customer sees. */
  note(conversationId: string, content: string, mentions: string[] = []): string {
    return this.send(conversationId, { content, isPrivate: true, mentions });
  }

  /** Waits until the server has taken what is known by `clientId`; fails if it refuses. */
  taken(clientId: string): Promise<void> {
    return this.#posts.taken(clientId);
  }

  /** Tries once more what could not be sent: by its `clientId`, or by the id of a message that has failed. */
  retry(id: string, { force = false } = {}): Promise<void> {
    return this.#posts.retry(id, force);
  }

  /** Lets go of something that could not be sent. */
  discard(clientId: string): void {
    this.#outbox.discard(clientId);
  }

  /** Reacts to a message; `null` takes it back. */
  react(conversationId: string, messageId: string, emoji: string | null): Promise<void> {
    return this.#posts.react(conversationId, messageId, emoji);
  }

  /** Hands over a file; its id goes into `mediaId` of what is sent. */
  upload(file: File, options?: Upload): Promise<{ id: string }> {
    return upload(this.#url('/api/media'), this.session, file, options);
  }

  /** Keeps what has been begun; an empty text is forgotten. */
  draft(conversationId: string, text: string): void {
    this.#drafts.keep(conversationId, text);
    this.#showDraft(conversationId, text);
  }

  /** Lets colleagues know that one types, or does not any more; may be called with each key. */
  type(conversationId: string, isTyping: boolean): void {
    this.#people.type(conversationId, isTyping);
  }

  /** Lets colleagues know that one looks at a conversation, until the returned function is called. */
  view(conversationId: string): () => void {
    return this.#people.view(conversationId);
  }

  /** Polls an open conversation so often, where it has to be polled; `null`: as the server wishes. */
  pollEvery(activeMs: number | null): void {
    this.#link.pollEvery(activeMs);
  }

  // What happens by itself

  #showDraft(conversationId: string, text: string): void {
    const drafts = new Map(this.getSnapshot().drafts);
    if (text) drafts.set(conversationId, text);
    else drafts.delete(conversationId);
    this.#store.set({ drafts });
  }

  async #configure(run: Span): Promise<void> {
    const { baseUrl, fetch } = this.#outside;
    this.#settings = await fetchSettings(baseUrl, fetch, run.signal);
    this.#link.configure(this.#settings);
  }

  async #load(): Promise<void> {
    if (this.#run) await this.#snapshot.read(this.#run);
  }

  /** What the log tells from now on says nothing of what may be seen no more, or was there before. */
  async #loadAfresh(): Promise<void> {
    if (this.#run) await this.#snapshot.readAfresh(this.#run);
  }

  #isOfMyAccess(event: ServerEvent): boolean {
    return event.name === 'access:changed' && event.userId === this.getSnapshot().me?.user.id;
  }

  #apply(events: readonly ServerEvent[]): void {
    const unknown = this.#store.apply(events);
    this.#people.read(events);
    if (events.some((event) => this.#isOfMyAccess(event))) void this.#loadAfresh();
    if (unknown.size > 0) this.#meetConversations(unknown);
    for (const hear of this.#hearers) {
      try {
        hear(events);
      } catch (mistake) {
        this.#outside.log(`a listener failed: ${mistake}`);
      }
    }
  }

  #meetConversations(ids: Iterable<string>): void {
    void this.#chats.meet(ids, this.#run);
  }

  async #meetPeople(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    const response = await this.#ask('/api/presence', { signal: run.signal }).catch(() => null);
    // What something on the way answers may be anything.
    const told = response?.ok ? await response.json().catch(() => null) : null;
    if (Array.isArray(told?.users) && !run.isOver) this.#people.present(told.users);
  }

  /** Whoever has signed in again is let in again. */
  #meet(): void {
    const visit = this.session.getSnapshot();
    if (visit.by !== 'agent') this.#link.refuse('signed out');
    else if (this.getSnapshot().connection.status === 'error') this.reconnect();
  }

  #url(path: string): string {
    return new URL(this.#outside.baseUrl + path, globalThis.location?.href).href;
  }
}
