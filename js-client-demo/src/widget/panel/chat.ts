import type { Connection, ServerEvent, Signal } from '../../inbox-client';
import type { Browser } from '../../inbox-client/link/browser';
import { Link } from '../../inbox-client/link/link';
import type { MakeSocket } from '../../inbox-client/link/socket';
import { Outbox } from '../../inbox-client/outbox';
import { ApiError } from '../../inbox-client/problem';
import { fetchSettings } from '../../inbox-client/settings';
import { Span } from '../../inbox-client/span';
import type { Storage } from '../../inbox-client/storage';
import type { Outgoing } from '../../inbox-client/store/state';
import type { Identity, SitePage } from '../talk';
import { Attention } from './attention';
import { Lines } from './lines';
import { Trying } from './trying';
import type { ChatSession, Line, Site } from './types';
import { patienceMs, Visit } from './visit';

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
  connection = notYet;
  outbox: readonly Outgoing[] = [];
  agents: Site['agents'] = 'away';
  /** Who types. */
  typist: string | null = null;
  /** When agents had read all that was said before. */
  readAt: string | null = null;
  hasOlder = false;
  isClosed = false;
  /** The visitor at the server. */
  readonly visit: Visit;
  readonly #world: ChatWorld;
  readonly #lines = new Lines();
  readonly #span = new Span();
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #start = new Trying(
    () => this.#arrive(),
    () => this.#isAway(),
  );
  readonly #attention = new Attention({
    onSeen: () => this.#sayRead(),
    onUnread: (count, preview) => this.#world.onUnread(count, preview),
  });
  /** By which token the link hears what is said. */
  #followed: string | null = null;
  #typedAt = 0;
  #typistGoes: (() => void) | null = null;

  constructor(world: ChatWorld) {
    this.#world = world;
    this.visit = new Visit({
      ...world,
      onAnother: () => {
        this.#link.stop();
        this.#lines.clear();
      },
      onEntered: ({ status }) => {
        this.#set({ isClosed: false });
        if (status !== 'new') world.onBegun();
        this.#goOn();
      },
    });
    this.#link = new Link({
      baseUrl: '',
      session: this.visit.key,
      ask: (path, init) => this.visit.ask(path, init),
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

  /** The visitor's chat; `null` until they have been let into one. */
  get session(): ChatSession | null {
    return this.visit.session;
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
  start(): Promise<void> {
    return this.#start.start();
  }

  /** Somebody looks at it, or no more. */
  show(isShown: boolean): void {
    this.#link.setActive(isShown);
    if (isShown) this.#start.hurry();
    this.#attention.pay(isShown);
  }

  /** Whether all that the site wants to know first has been answered. */
  get knowsEnough(): boolean {
    return this.session !== null || this.visit.answers !== null || this.site?.preChat.length === 0;
  }

  answer(answers: Record<string, string>): void {
    this.visit.answers = answers;
    this.#world.onChange();
  }

  /**
   * The site vouches for the visitor, who finds the conversation of their other browsers. Done once a
   * chat that is gone on with is theirs; throws what the server refuses for good.
   */
  async identify(identity: Identity): Promise<void> {
    this.visit.identity = identity;
    if (this.visit.key.held) await this.visit.enter().catch(() => this.start());
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
    this.visit.page = page;
    if (this.session) void this.visit.post('page', page).catch(() => {});
  }

  async end(): Promise<void> {
    this.#becomes(await this.visit.post<ChatSession>('end'));
  }

  async rate(score: number, comment: string): Promise<void> {
    await this.visit.post('rating', { score, ...(comment && { comment }) });
    this.#becomes({ rating: { score, comment } });
  }

  async loadOlder(): Promise<void> {
    const [first] = this.lines();
    if (!first || !this.hasOlder) return;
    const page = await this.visit.get<Page>(this.visit.path(`messages?before=${first.id}`));
    for (const line of page.messages) this.#lines.put(line);
    this.#set({ hasOlder: page.hasMore });
  }

  retryNow(): void {
    this.#link.retry();
    this.#wake();
  }

  // Beginning

  async #arrive(): Promise<void> {
    if (!this.site) {
      const site: Site = await this.visit.get(
        `/api/livechat/inboxes/${encodeURIComponent(this.#world.inbox)}`,
      );
      this.#set({ site, agents: site.agents });
      this.#outbox.start();
    }
    const { key } = this.visit;
    if (!key.held) this.#set({ connection: { ...notYet, status: 'connected' } });
    else if (!this.session) await this.visit.enter();
    while (this.session && this.#followed !== key.held) await this.#follow();
  }

  /** Once the link has begun, it says itself how it stands. */
  #isAway(): void {
    if (this.#link.point !== null) return;
    this.#set({ connection: { ...notYet, status: 'disconnected' } });
  }

  #goOn(): void {
    void this.start().catch(() => {});
  }

  #wake(): void {
    this.#outbox.wake();
    this.#goOn();
  }

  /** Reads what was said, and hears what is from there on. */
  async #follow(): Promise<void> {
    const { key } = this.visit;
    const { held } = key;
    const [settings, page] = await Promise.all([
      fetchSettings('', fetch, AbortSignal.timeout(patienceMs)),
      this.visit.get<Page>(this.visit.path('messages')),
    ]);
    // It is another chat by now.
    if (held !== key.held) return;
    this.#followed = held;
    for (const line of page.messages) this.#lines.put(line);
    this.#set({ hasOlder: page.hasMore });
    this.#link.configure(settings);
    this.#link.start();
    this.#link.begin(page.seq);
    const unseen = this.lines().filter(
      (line) => line.direction === 'OUTBOUND' && line.status !== 'READ',
    );
    this.#attention.hear(unseen);
  }

  /** Hands a message to the server, and first begins a chat if there is none. */
  async #post(item: Outgoing, signal: AbortSignal): Promise<never> {
    if (!this.session) await this.visit.enter();
    const { content, mediaId } = item.post;
    const body = { content, mediaId, clientId: item.clientId };
    let line: Line;
    try {
      line = await this.visit.post<Line>('messages', body, signal);
    } catch (problem) {
      // The token was too old: the next try begins anew.
      if (problem instanceof ApiError && problem.status === 401) {
        this.#link.stop();
        this.visit.leave();
        this.#world.onChange();
        throw new TypeError('the chat begins anew');
      }
      throw problem;
    }
    this.#lines.put(line);
    this.#world.onBegun();
    return line as never;
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
        if (status) this.#becomes({ status: status as ChatSession['status'] });
        if (readAt) this.readAt = readAt;
      } else if (event.name === 'session:closed') {
        this.isClosed = true;
        this.#link.stop();
      }
    }
    if (fresh.length > 0) {
      this.#typing(null);
      this.#attention.hear(fresh);
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

  #sayRead(): void {
    const hasUnread = this.lines().some(
      (line) => line.direction === 'OUTBOUND' && line.status !== 'READ',
    );
    if (hasUnread) void this.visit.post('read').catch(() => {});
  }

  #becomes(changes: Partial<ChatSession>): void {
    const { session } = this.visit;
    if (session) this.visit.session = { ...session, ...changes };
    this.#world.onChange();
  }

  #set(changes: Partial<Chat>): void {
    Object.assign(this, changes);
    this.#world.onChange();
  }
}

type Page = { messages: Line[]; seq: number; hasMore: boolean };
