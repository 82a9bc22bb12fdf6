import { io } from 'socket.io-client';
import { Drafts } from './drafts';
import { Edits, type Spot } from './edits';
import { type Browser, thisBrowser } from './link/browser';
import { Link } from './link/link';
import type { MakeSocket } from './link/socket';
import { Outbox } from './outbox';
import { People } from './people';
import { ApiError } from './problem';
import { type Api, answer, authorised, openApi } from './rest';
import type { Session } from './session';
import { fetchSettings, type Settings, usualSettings } from './settings';
import { Span } from './span';
import { deviceStorage, newId, type Storage } from './storage';
import type { ChatFilter } from './store/select';
import type { State } from './store/state';
import { type Board, Store } from './store/store';
import { Threads } from './threads';
import type { Conversation, ConversationStatus, Me, Message, Post, ServerEvent } from './types';
import { type Upload, upload } from './upload';

/** What a test replaces, and what a page that is served elsewhere says. */
export type Outside = {
  baseUrl?: string;
  fetch?: typeof fetch;
  makeSocket?: MakeSocket;
  browser?: Browser;
  storage?: Storage;
  random?: () => number;
  log?: (line: string) => void;
};

/** How long to wait before the first answer is asked for once more. */
const loadWaitsMs = [1_000, 2_000, 5_000, 10_000];
/** Conversations that events tell of and that are not held, are fetched so many at a time. */
const unknownAtOnce = 10;
const unknownEveryMs = 250;

/**
 * A tenant's inbox as it is now: what there is to show, and what can be done about it.
 *
 * It belongs to who is signed in when it is made. `start` and `stop` may be called in any order and as
 * often as one likes; what is held stays held in between.
 */
export class Inbox {
  readonly session: Session;
  /** The REST API, for what is not live. */
  readonly api: Api;
  readonly #store = new Store();
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #drafts: Drafts;
  readonly #people: People;
  readonly #edits: Edits;
  readonly #threads: Threads;
  readonly #ask: (path: string, init: RequestInit) => Promise<Response>;
  readonly #outside: Required<Outside>;
  readonly #hearers = new Set<(events: readonly ServerEvent[]) => void>();
  readonly #unknown = new Set<string>();
  #settings: Settings = usualSettings;
  #run: Span | null = null;
  #isLoading = false;
  #isFetchingUnknown = false;

  constructor(session: Session, outside: Outside = {}) {
    this.session = session;
    this.#outside = {
      baseUrl: '',
      fetch: globalThis.fetch.bind(globalThis),
      makeSocket: io,
      browser: thisBrowser,
      storage: deviceStorage(),
      random: Math.random,
      log: (line) => console.debug(line),
      ...outside,
    };
    const { baseUrl, fetch, browser, storage } = this.#outside;
    this.api = openApi(session, { baseUrl, fetch });
    this.#ask = (path, init) => authorised(session, fetch, new Request(this.#url(path), init));
    const owner = ownerOf(session);
    const point = () => this.#link.point ?? 0;
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
    this.#edits = new Edits(this.api, this.#store, point);
    this.#threads = new Threads({
      api: this.api,
      store: this.#store,
      point,
      join: (id) => this.#link.join(id),
      keptMs: () => this.#settings.cache.ttlMs,
      onChange: () => this.#link.setActive(this.#threads.open.length > 0),
    });
    this.#outbox = new Outbox({
      owner,
      storage,
      isOnline: browser.isOnline,
      post: ({ conversationId, clientId, post }, signal) =>
        this.#post(conversationId, { ...post, clientId }, clientId, signal),
      onChange: (outbox) => this.#store.set({ outbox }),
      // The answer says how the message began, also that of a repeat: whatever an event tells is newer,
      // and may well have come first.
      onTaken: ({ conversationId }, message) => this.#store.message(conversationId, message, 0),
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
    this.#link.start();
    this.#outbox.start();
    void this.#configure(run);
    void this.#load();
  }

  /** Leaves no timer, no socket, no request and no listener. */
  stop(): void {
    this.#link.stop();
    this.#outbox.stop();
    this.#people.forget();
    this.#run?.end();
    this.#run = null;
    this.#isLoading = false;
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
  async loadChats(filter: ChatFilter = {}, cursor?: string, limit = 50): Promise<string | null> {
    const { words, assigneeId, ...rest } = filter;
    const query = {
      ...defined(rest),
      ...(words && { q: words }),
      ...(assigneeId !== undefined && { assignee: assigneeId ?? 'none' }),
      ...(cursor && { cursor }),
      limit,
    };
    const page = await answer(this.api.GET('/api/conversations', { params: { query } }));
    this.#store.conversations(page.conversations as Conversation[], page.seq);
    return page.nextCursor ?? null;
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

  /**
   * Writes to the customer: shown at once, kept on this device until the server has it, and sent once.
   * Returns the `clientId` by which it is known.
   */
  send(conversationId: string, post: string | Post): string {
    const whole = typeof post === 'string' ? { content: post } : post;
    this.type(conversationId, false);
    this.draft(conversationId, '');
    return this.#outbox.add(conversationId, whole);
  }

  /** Writes a note among agents that no customer sees. */
  note(conversationId: string, content: string, mentions: string[] = []): string {
    return this.send(conversationId, { content, isPrivate: true, mentions });
  }

  /** Waits until the server has taken what is known by `clientId`; fails if it refuses. */
  taken(clientId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const item = this.getSnapshot().outbox.find((each) => each.clientId === clientId);
        if (item?.state === 'waiting') return;
        stop();
        if (item) reject(new ApiError(0, item.reason?.code, item.reason?.detail));
        else resolve();
      };
      const stop = this.subscribe(look);
      look();
    });
  }

  /** Tries once more what could not be sent: by its `clientId`, or by the id of a message that has failed. */
  async retry(id: string, { force = false } = {}): Promise<void> {
    if (this.#outbox.retry(id)) return;
    const since = this.#link.point ?? 0;
    const params = { path: { id } };
    const message = await answer(
      this.api.POST('/api/messages/{id}/retry', { params, body: { force } }),
    );
    const thread = [...this.getSnapshot().threads].find(([, { messages }]) =>
      messages.some((each) => each.id === id),
    );
    if (thread) this.#store.message(thread[0], message as Message, since);
  }

  /** Lets go of something that could not be sent. */
  discard(clientId: string): void {
    this.#outbox.discard(clientId);
  }

  /** Reacts to a message; `null` takes it back. */
  async react(conversationId: string, messageId: string, emoji: string | null): Promise<void> {
    const since = this.#link.point ?? 0;
    const post = { content: '', reaction: { messageId, emoji } };
    const message = await this.#post(conversationId, post, newId());
    this.#store.message(conversationId, message, since);
  }

  /** Hands over a file; its id goes into `mediaId` of what is sent. */
  upload(file: File, options?: Upload): Promise<{ id: string }> {
    return upload(this.#url('/api/media'), this.session, file, options);
  }

  /** Keeps what has been begun; an empty text is forgotten. */
  draft(conversationId: string, text: string): void {
    this.#drafts.keep(conversationId, text);
    const drafts = new Map(this.getSnapshot().drafts);
    if (text) drafts.set(conversationId, text);
    else drafts.delete(conversationId);
    this.#store.set({ drafts });
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

  async #configure(run: Span): Promise<void> {
    const { baseUrl, fetch } = this.#outside;
    this.#settings = await fetchSettings(baseUrl, fetch, run.signal);
    this.#link.configure(this.#settings);
  }

  /** Reads the board, from which on the log is followed; tries again, ever less often, until it can. */
  async #load(tries = 0): Promise<void> {
    const run = this.#run;
    if (!run || this.#isLoading) return;
    this.#isLoading = true;
    try {
      const [board, me] = await Promise.all([
        answer(this.api.GET('/api/board', { signal: run.signal })),
        answer(this.api.GET('/api/me', { signal: run.signal })),
      ]);
      if (run.isOver) return;
      this.#show(board as Board, me);
      this.#isLoading = false;
    } catch (problem) {
      if (run.isOver) return;
      this.#isLoading = false;
      if (problem instanceof ApiError && problem.isRefusal) {
        return this.#link.refuse(problem.message);
      }
      if (this.getSnapshot().phase === 'loading') this.#store.set({ phase: 'unreachable' });
      const wait = loadWaitsMs[Math.min(tries, loadWaitsMs.length - 1)] ?? 0;
      run.after(wait, () => void this.#load(tries + 1));
    }
  }

  #show(board: Board, me: Me): void {
    const { phase, afresh } = this.getSnapshot();
    const isBehind = this.#link.point !== null && this.#link.point < board.seq;
    this.#store.set({ me });
    if (phase === 'ready' && isBehind) {
      this.#store.forget();
      this.#store.set({ afresh: afresh + 1 });
    }
    this.#store.board(board);
    for (const id of this.#threads.open) this.#threads.hold(id);
    this.#link.begin(board.seq);
  }

  #apply(events: readonly ServerEvent[]): void {
    const unknown = this.#store.apply(events);
    this.#people.read(events);
    if (unknown.size > 0) this.#meetConversations(unknown);
    for (const hear of this.#hearers) {
      try {
        hear(events);
      } catch (mistake) {
        this.#outside.log(`a listener failed: ${mistake}`);
      }
    }
  }

  /** Fetches conversations that are not held, some at a time. */
  async #meetConversations(ids: Iterable<string>): Promise<void> {
    for (const id of ids) this.#unknown.add(id);
    const run = this.#run;
    if (this.#isFetchingUnknown || !run) return;
    this.#isFetchingUnknown = true;
    try {
      while (this.#unknown.size > 0 && !run.isOver) {
        const some = [...this.#unknown].slice(0, unknownAtOnce);
        for (const id of some) this.#unknown.delete(id);
        const since = this.#link.point ?? 0;
        const met = await Promise.all(some.map((id) => this.#meetConversation(id, run)));
        this.#store.conversations(
          met.filter((each) => each !== null),
          since,
        );
        if (!(await run.sleep(unknownEveryMs))) return;
      }
    } finally {
      this.#isFetchingUnknown = false;
    }
  }

  /** A conversation; `null` if there is none, or the next event about it has to tell. */
  async #meetConversation(id: string, run: Span): Promise<Conversation | null> {
    const params = { path: { id } };
    const asked = this.api.GET('/api/conversations/{id}', { params, signal: run.signal });
    return answer(asked).then(
      (data) => data as Conversation,
      () => null,
    );
  }

  async #meetPeople(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    const response = await this.#ask('/api/presence', { signal: run.signal }).catch(() => null);
    if (!response?.ok || run.isOver) return;
    this.#people.present((await response.json()).users);
  }

  /** Whoever has signed in again is let in again. */
  #meet(): void {
    const visit = this.session.getSnapshot();
    if (visit.by !== 'agent') this.#link.refuse('signed out');
    else if (this.getSnapshot().connection.status === 'error') this.reconnect();
  }

  async #post(
    to: string,
    body: Post & { clientId?: string },
    key: string,
    signal?: AbortSignal,
  ): Promise<Message> {
    const params = { path: { id: to } };
    const headers = { 'Idempotency-Key': key };
    const asked = this.api.POST('/api/conversations/{id}/messages', {
      params,
      body: { content: '', isPrivate: false, ...body },
      headers,
      ...(signal && { signal }),
    });
    return (await answer(asked)) as Message;
  }

  #url(path: string): string {
    return new URL(this.#outside.baseUrl + path, globalThis.location?.href).href;
  }
}

/** By whom things on this device are told apart. */
function ownerOf(session: Session): string {
  const visit = session.getSnapshot();
  const profile = visit.by === 'agent' ? visit.profile : null;
  return profile ? `${profile.tenant.id}.${profile.user.id}` : 'unknown';
}

function defined<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
