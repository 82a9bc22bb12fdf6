import { refusal } from '../../inbox-client/problem';
import type { Storage } from '../../inbox-client/storage';
import type { Identity, SitePage } from '../talk';
import { Key } from './key';
import type { ChatSession } from './types';

/** What a visit needs of its surroundings. */
type Surroundings = {
  inbox: string;
  locale: string;
  storage: Storage;
  /** The chat that they are let into is not the one in which they were. */
  onAnother: () => void;
  /** They have been let in. */
  onEntered: (session: ChatSession) => void;
};

/** How long an answer may take, in milliseconds. */
export const patienceMs = 15_000;

/** A visitor at the server: who they say they are, the chat that they are let into, and what they ask there. */
export class Visit {
  /** By what the server knows the visitor. */
  readonly key: Key;
  /** The chat; `null` until they have been let in. */
  session: ChatSession | null = null;
  /** What they have answered to what the site asks first. */
  answers: Record<string, string> | null = null;
  /** Who they are by the site's own word. */
  identity: Identity | null = null;
  /** The page of the site that they look at. */
  page: SitePage | null = null;
  readonly #around: Surroundings;
  #entering: Promise<ChatSession> | null = null;
  /** By which token they were let in last. */
  #entered: string | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
    this.key = new Key(around.storage, around.inbox);
  }

  /**
   * Begins a chat, or goes on with the one whose token is held.
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

  /** The token is not good any more: whoever enters next begins anew, or goes on by that of another tab. */
  leave(): void {
    this.key.lose();
    this.session = null;
  }

  /** The address of something of the chat's own. */
  path(what: string): string {
    return `/api/livechat/sessions/${this.session?.id}/${what}`;
  }

  /** Does something in the chat; throws what the server refuses. */
  post<Answer>(what: string, body: object = {}, signal?: AbortSignal): Promise<Answer> {
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
    const { held } = this.key;
    const headers = new Headers(init.headers);
    if (init.body) headers.set('Content-Type', 'application/json');
    if (held) headers.set('Authorization', `Bearer ${held}`);
    const late = AbortSignal.timeout(patienceMs);
    const isStream = headers.get('Accept') === 'text/event-stream';
    const signal = init.signal && !isStream ? AbortSignal.any([init.signal, late]) : init.signal;
    return fetch(path, { ...init, headers, signal: signal ?? late });
  }

  async #open(): Promise<ChatSession> {
    const { inbox, locale, onAnother, onEntered } = this.#around;
    const { name, email, ...fields } = this.answers ?? {};
    const who = this.identity;
    const told = {
      inbox,
      locale,
      fields,
      ...((name ?? who?.name) ? { name: name ?? who?.name } : {}),
      ...((email ?? who?.email) ? { email: email ?? who?.email } : {}),
      ...(who && { identity: { userId: who.userId, hash: who.hash } }),
      ...(this.page && { page: this.page }),
    };
    const opening = this.get<Opened>('/api/livechat/sessions', {
      method: 'POST',
      body: JSON.stringify(told),
    });
    await opening.catch(() => {});
    // The site has said meanwhile who it is.
    if (who !== this.identity) return this.#open();
    const { session, token } = await opening;
    if (token !== this.#entered) onAnother();
    this.#entered = token;
    this.key.take(token);
    this.session = session;
    onEntered(session);
    return session;
  }
}

type Opened = { session: ChatSession; token: string };
