import type { Connection, ServerEvent, Signal } from '../../inbox-client';
import type { Browser } from '../../inbox-client/link/browser';
import { Link } from '../../inbox-client/link/link';
import type { MakeSocket } from '../../inbox-client/link/socket';
import { Outbox } from '../../inbox-client/outbox';
import { ApiError, refusal } from '../../inbox-client/problem';
import { fetchSettings } from '../../inbox-client/settings';
import { Span } from '../../inbox-client/span';
import type { Storage } from '../../inbox-client/storage';
import type { Outgoing } from '../../inbox-client/store/state';
import type { Identity, SitePage } from '../talk';
import { Key } from './key';
import { Lines } from './lines';
import type { ChatSession, Line, Site } from './types';

/** What a chat needs of its surroundings. */
export type ChatWorld = {
  inbox: string;
  storage: Storage;
  makeSocket: MakeSocket;
  browser: Browser;
  locale: string;
  log: (line: string) => void;
  onChange: () => void;
  /** An agent has said something while nobody looked. */
  onUnread: (count: number, preview: string) => void;
  /** There is something to come back to. */
  onBegun: () => void;
};

/** How long an answer may take, in milliseconds. */
const patienceMs = 15_000;
/** How long to wait at most before the start is tried again, in seconds. */
const longestWaitS = 30;
/** How long somebody types who says no more of it. */
const typingMs = 6_000;
/** How often it is said that the visitor types, while they do. */
const typingEveryMs = 3_000;

const notYet: Connection = {
  status: 'connecting',
  transport: null,
  latencyMs: null,
  attempt: 0,
  nextRetryAt: null,
  error: null,
};

/**
 * A visitor's chat: what was said, and what they can do.
 *
 * Nothing is asked of the server but how the site wants its chat, until the visitor says something or
 * comes back to what was said; a chat begins with the first message.
 */
export class Chat {
  site: Site | null = null;
  session: ChatSession | null = null;
  connection = notYet;
  outbox: readonly Outgoing[] = [];
  agents: Site['agents'] = 'away';
  /** Who types. */
  typist: string | null = null;
  /** When agents had read all that was said before. */
  readAt: string | null = null;
  hasOlder = false;
  isClosed = false;
  /** By what the server knows the visitor. */
  readonly key: Key;
  readonly #world: ChatWorld;
  readonly #lines = new Lines();
  readonly #span = new Span();
  readonly #link: Link;
  readonly #outbox: Outbox;
  #isStarting = false;
  /** The wait before the start is tried again. */
  #pause: Span | null = null;
  #entering: Promise<ChatSession> | null = null;
  /** By which token the link hears what is said. */
  #followed: string | null = null;
  #answers: Record<string, string> | null = null;
  #identity: Identity | null = null;
  #page: SitePage | null = null;
  #isShown = false;
  #unread = 0;
  #typedAt = 0;
  #typistGoes: (() => void) | null = null;

  constructor(world: ChatWorld) {
    this.#world = world;
    this.key = new Key(world.storage, world.inbox);
    this.#link = new Link({
      baseUrl: '',
      session: this.key,
      ask: (path, init) => this.ask(path, init),
      makeSocket: world.makeSocket,
      browser: world.browser,
      random: Math.random,
      log: world.log,
      onConnection: (connection) => this.#set({ connection }),
      onEvents: (events) => this.#read(events),
      onSignal: (signal) => this.#hear(signal),
      onGap: () => {
        this.#followed = null;
        this.#goOn();
      },
      onOpen: () => {},
    });
    this.#outbox = new Outbox({
      owner: `visitor.${world.inbox}`,
      storage: world.storage,
      isOnline: world.browser.isOnline,
      post: (item, signal) => this.#post(item, signal),
      onChange: (outbox) => this.#set({ outbox }),
      onTaken: () => {},
    });
    world.browser.listen((what) => {
      if (what === 'online' || what === 'visible') this.#wake();
    });
  }

  /** What was said, oldest first. */
  lines(): readonly Line[] {
    return this.#lines.all();
  }

  /** What has been written and is not among the lines yet. */
  waiting(): readonly Outgoing[] {
    return this.outbox.filter(({ clientId }) => !this.#lines.has(clientId));
  }

  /**
   * Asks how the site wants its chat, and goes on with the one that this browser knows.
   *
   * Tries again, ever less often, until it can; called once more, does at once what is left of it.
   * Throws what the server refuses for good.
   */
  async start(): Promise<void> {
    this.#pause?.end();
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      let tries = 0;
      while (!(await this.#arrives(tries))) tries += 1;
    } finally {
      this.#isStarting = false;
    }
  }

  /** Somebody looks at it, or no more. */
  show(isShown: boolean): void {
    this.#isShown = isShown;
    this.#link.setActive(isShown);
    if (!isShown) return;
    this.#pause?.end();
    this.#unread = 0;
    this.#sayRead();
  }

  /** Whether all that the site wants to know first has been answered. */
  get knowsEnough(): boolean {
    return this.session !== null || this.#answers !== null || this.site?.preChat.length === 0;
  }

  answer(answers: Record<string, string>): void {
    this.#answers = answers;
    this.#world.onChange();
  }

  /**
   * The site vouches for the visitor, who finds the conversation of their other browsers. Done once a
   * chat that is gone on with is theirs; throws what the server refuses for good.
   */
  async identify(identity: Identity): Promise<void> {
    this.#identity = identity;
    if (this.key.held) await this.enter().catch(() => this.start());
  }

  send(content: string, mediaId?: string): void {
    this.#typedAt = 0;
    this.#outbox.add('', { content, mediaId } as Outgoing['post']);
  }

  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }

  type(): void {
    const now = Date.now();
    if (!this.session || now - this.#typedAt < typingEveryMs) return;
    this.#typedAt = now;
    this.#link.emit('typing:start', this.session.conversationId);
  }

  /** The visitor looks at another page of the site. */
  look(page: SitePage): void {
    this.#page = page;
    if (this.session) void this.#send('page', page).catch(() => {});
  }

  async end(): Promise<void> {
    this.#set({ session: await this.#send<ChatSession>('end') });
  }

  async rate(score: number, comment: string): Promise<void> {
    await this.#send('rating', { score, ...(comment && { comment }) });
    const { session } = this;
    if (session) this.#set({ session: { ...session, rating: { score, comment } } });
  }

  async loadOlder(): Promise<void> {
    const [first] = this.lines();
    if (!first || !this.hasOlder) return;
    const page = await this.get<Page>(this.path(`messages?before=${first.id}`));
    for (const line of page.messages) this.#lines.put(line);
    this.#set({ hasOlder: page.hasMore });
  }

  retryNow(): void {
    this.#link.retry();
    this.#wake();
  }

  // The session

  /** Tries to start; if that fails, waits until it is worth another try. Answers whether it is done. */
  async #arrives(tries: number): Promise<boolean> {
    try {
      if (!this.site) {
        const site: Site = await this.get(
          `/api/livechat/inboxes/${encodeURIComponent(this.#world.inbox)}`,
        );
        this.#set({ site, agents: site.agents });
        this.#outbox.start();
      }
      if (!this.key.held) this.#set({ connection: { ...notYet, status: 'connected' } });
      else if (!this.session) await this.enter();
      while (this.session && this.#followed !== this.key.held) await this.#follow();
      return true;
    } catch (problem) {
      // Once the link has begun, it says itself how it stands.
      if (this.#link.point === null) {
        this.#set({ connection: { ...notYet, status: 'disconnected' } });
      }
      const { isPassing, retryAfterMs } = problem as Partial<ApiError>;
      if (isPassing === false) throw problem;
      this.#pause = new Span();
      // So that those who lost the same server do not all come back at once.
      const wait = Math.min(2 ** tries, longestWaitS) * (800 + 400 * Math.random());
      await this.#pause.sleep(retryAfterMs ?? wait);
      return false;
    }
  }

  #goOn(): void {
    void this.start().catch(() => {});
  }

  #wake(): void {
    this.#outbox.wake();
    this.#goOn();
  }

  /**
   * Begins a chat, or goes on with the one whose token is held, and follows it.
   *
   * All who ask while that is under way get the same chat: a file belongs to that for which it was
   * handed over.
   */
  enter(): Promise<ChatSession> {
    this.#entering ??= this.#open().finally(() => {
      this.#entering = null;
    });
    return this.#entering;
  }

  async #open(): Promise<ChatSession> {
    const { name, email, ...fields } = this.#answers ?? {};
    const who = this.#identity;
    const told = {
      inbox: this.#world.inbox,
      locale: this.#world.locale,
      fields,
      ...((name ?? who?.name) ? { name: name ?? who?.name } : {}),
      ...((email ?? who?.email) ? { email: email ?? who?.email } : {}),
      ...(who && { identity: { userId: who.userId, hash: who.hash } }),
      ...(this.#page && { page: this.#page }),
    };
    const opening = this.get<Opened>('/api/livechat/sessions', {
      method: 'POST',
      body: JSON.stringify(told),
    });
    await opening.catch(() => {});
    // The site has said meanwhile who it is.
    if (who !== this.#identity) return this.#open();
    const { session, token } = await opening;
    if (token !== this.key.held) {
      this.#link.stop();
      this.#lines.clear();
    }
    this.key.take(token);
    this.#set({ session, isClosed: false });
    if (session.status !== 'new') this.#world.onBegun();
    this.#goOn();
    return session;
  }

  /** Reads what was said, and hears what is from there on. */
  async #follow(): Promise<void> {
    const { held } = this.key;
    const [settings, page] = await Promise.all([
      fetchSettings('', fetch, AbortSignal.timeout(patienceMs)),
      this.get<Page>(this.path('messages')),
    ]);
    // It is another chat by now.
    if (held !== this.key.held) return;
    this.#followed = held;
    for (const line of page.messages) this.#lines.put(line);
    this.#set({ hasOlder: page.hasMore });
    this.#link.configure(settings);
    this.#link.start();
    this.#link.begin(page.seq);
    const unseen = this.lines().filter(
      (line) => line.direction === 'OUTBOUND' && line.status !== 'READ',
    );
    if (this.#isShown) this.#sayRead();
    else this.#missed(unseen);
  }

  /** Hands a message to the server, and first begins a chat if there is none. */
  async #post(item: Outgoing, signal: AbortSignal): Promise<never> {
    if (!this.session) await this.enter();
    const { content, mediaId } = item.post;
    const body = { content, mediaId, clientId: item.clientId };
    let line: Line;
    try {
      line = await this.#send<Line>('messages', body, signal);
    } catch (problem) {
      // The token was too old: the next try begins anew.
      if (problem instanceof ApiError && problem.status === 401) {
        this.#forget();
        throw new TypeError('the chat begins anew');
      }
      throw problem;
    }
    this.#lines.put(line);
    this.#world.onBegun();
    return line as never;
  }

  #forget(): void {
    this.#link.stop();
    this.key.lose();
    this.#set({ session: null });
  }

  // What happens

  #read(events: readonly ServerEvent[]): void {
    const fresh: Line[] = [];
    for (const event of events) {
      if (event.name === 'message:new' || event.name === 'message:updated') {
        const line = event.message as unknown as Line;
        const isNew = this.#lines.put(line);
        if (isNew && line.direction === 'OUTBOUND') fresh.push(line);
      } else if (event.name === 'message:status-update') {
        this.#lines.moved(event.messageId, event.status);
      } else if (event.name === 'session:updated') {
        const { status, readAt } = event.updates;
        if (status && this.session) {
          this.session = { ...this.session, status: status as ChatSession['status'] };
        }
        if (readAt) this.readAt = readAt;
      } else if (event.name === 'session:closed') {
        this.isClosed = true;
        this.#link.stop();
      }
    }
    if (fresh.length > 0) {
      this.#typing(null);
      if (this.#isShown) this.#sayRead();
      else this.#missed(fresh);
    }
    this.#world.onChange();
  }

  #hear(signal: Signal): void {
    if (signal.name === 'typing:start') this.#typing(signal.user.name ?? '');
    else if (signal.name === 'typing:stop') this.#typing(null);
    else if (signal.name === 'agents:presence') this.#set({ agents: signal.status });
  }

  #typing(typist: string | null): void {
    this.#typistGoes?.();
    this.#typistGoes =
      typist === null ? null : this.#span.after(typingMs, () => this.#typing(null));
    this.#set({ typist });
  }

  #missed(lines: readonly Line[]): void {
    const newest = lines.at(-1);
    if (!newest) return;
    this.#unread += lines.length;
    this.#world.onUnread(this.#unread, (newest.content || '📎').slice(0, 140));
  }

  #sayRead(): void {
    const hasUnread = this.lines().some(
      (line) => line.direction === 'OUTBOUND' && line.status !== 'READ',
    );
    if (hasUnread) void this.#send('read', {}).catch(() => {});
  }

  #set(changes: Partial<Chat>): void {
    Object.assign(this, changes);
    this.#world.onChange();
  }

  // Requests

  /** The address of something of the chat's own. */
  path(what: string): string {
    return `/api/livechat/sessions/${this.session?.id}/${what}`;
  }

  #send<Answer>(what: string, body: object = {}, signal?: AbortSignal): Promise<Answer> {
    return this.get(this.path(what), {
      method: 'POST',
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** What the server answers; throws what it refuses. */
  async get<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.ask(path, init);
    if (!response.ok) throw await refusal(response);
    return response.status === 204 ? (undefined as Answer) : response.json();
  }

  /** What is answered to the visitor, whatever it is. */
  ask(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (init.body) headers.set('Content-Type', 'application/json');
    if (this.key.held) headers.set('Authorization', `Bearer ${this.key.held}`);
    const late = AbortSignal.timeout(patienceMs);
    const isStream = headers.get('Accept') === 'text/event-stream';
    const signal = init.signal && !isStream ? AbortSignal.any([init.signal, late]) : init.signal;
    return fetch(path, { ...init, headers, signal: signal ?? late });
  }
}

type Opened = { session: ChatSession; token: string };
type Page = { messages: Line[]; seq: number; hasMore: boolean };
