import { ApiError, refusal } from './problem';
import { alone, deviceStorage, keep, kept, type Storage } from './storage';
import type { Person } from './types';

/** What is shown of who has signed in. */
export type Profile = { user: Person; tenant: { id: string; name: string } };

/** Who is here: nobody yet, nobody any more, or somebody; without a profile if another frontend signed them in. */
export type Visit =
  | { by: 'stranger' }
  | { by: 'expired' }
  | { by: 'agent'; token: string; profile: Profile | null };

/** What became of trying to get another token. */
export type Renewal = 'renewed' | 'refused' | 'unreachable';

/** Signing in, and staying signed in, in all tabs of this browser at once. */
export type Session = {
  getSnapshot: () => Visit;
  subscribe: (listener: () => void) => () => void;
  /** Throws an `ApiError` when the server refuses, a `TypeError` when it cannot be reached. */
  signIn: (email: string, password: string) => Promise<void>;
  /** Ends the session here at once, and on the server if it can be reached. */
  signOut: () => Promise<void>;
  /** A token that is good for a while yet; `null` for a stranger. */
  token: () => Promise<string | null>;
  /** Exchanges the token `refused` by the server for another one; where another tab has, takes theirs. */
  renew: (refused: string) => Promise<Renewal>;
  /** Lets go of the storage's events. */
  close: () => void;
};

type Signed = Profile & {
  token: string;
  expiresAt: string;
  refreshToken: string;
  refreshExpiresAt: string;
};

/** Other frontends of the same server look for the token under this name. */
const tokenKey = 'token';
const sessionKey = 'recado.session';
/** `expired`, if that is why nobody is signed in. */
const partingKey = 'recado.parting';

/** A token that ends within this time is exchanged before it is used. */
const nearEndMs = 60_000;

/** The session that this browser keeps. */
export function openSession(
  outside: { baseUrl?: string; storage?: Storage; fetch?: typeof fetch } = {},
): Session {
  const { baseUrl = '', storage = deviceStorage(), fetch = globalThis.fetch } = outside;
  const listeners = new Set<() => void>();
  let visit = read();

  function read(): Visit {
    const token = storage.getItem(tokenKey);
    if (!token) return { by: storage.getItem(partingKey) === 'expired' ? 'expired' : 'stranger' };
    const { user, tenant } = signed() ?? {};
    return { by: 'agent', token, profile: user && tenant ? { user, tenant } : null };
  }

  /** What we know of who has signed in; nothing where another frontend has put its own token in place of ours. */
  function signed(): Partial<Signed> | null {
    const last = kept<Partial<Signed>>(storage, sessionKey);
    return last?.token === storage.getItem(tokenKey) ? last : null;
  }

  function look(): void {
    visit = read();
    for (const listener of listeners) listener();
  }

  function enter(next: Signed): void {
    storage.removeItem(partingKey);
    keep(storage, sessionKey, next);
    storage.setItem(tokenKey, next.token);
    look();
  }

  function leave(parting?: 'expired'): void {
    if (parting) storage.setItem(partingKey, parting);
    storage.removeItem(sessionKey);
    storage.removeItem(tokenKey);
    look();
  }

  async function post(path: string, body: object): Promise<Signed> {
    const response = await fetch(baseUrl + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw await refusal(response);
    return response.json();
  }

  async function exchange(refused: string): Promise<Renewal> {
    const now = read();
    if (now.by !== 'agent') return 'refused';
    if (now.token !== refused) {
      look();
      return 'renewed';
    }
    const refreshToken = signed()?.refreshToken;
    if (!refreshToken) {
      leave('expired');
      return 'refused';
    }
    const next = await post('/api/sessions/refresh', { refreshToken }).catch((problem: unknown) =>
      // A proxy on the way knows no codes, and ends no session.
      problem instanceof ApiError && problem.code && !problem.isPassing ? 'refused' : 'unreachable',
    );
    if (next === 'unreachable') return next;
    // Whoever has signed out meanwhile stays so.
    if (signed()?.refreshToken !== refreshToken) return exchange(refused);
    if (next === 'refused') {
      leave('expired');
      return next;
    }
    enter(next);
    return 'renewed';
  }

  function renew(refused: string): Promise<Renewal> {
    return alone('recado.refresh', () => exchange(refused));
  }

  async function token(): Promise<string | null> {
    if (visit.by !== 'agent') return null;
    const until = signed()?.expiresAt;
    if (until && Date.parse(until) - Date.now() < nearEndMs) await renew(visit.token);
    return visit.by === 'agent' ? visit.token : null;
  }

  function hear(event: StorageEvent): void {
    // The token is written last: by then the session that goes with it is there.
    if (event.key === tokenKey || event.key === null) look();
  }
  globalThis.addEventListener?.('storage', hear);

  return {
    getSnapshot: () => visit,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    signIn: async (email, password) => enter(await post('/api/sessions', { email, password })),
    signOut: async () => {
      const was = visit;
      leave();
      if (was.by !== 'agent') return;
      const headers = { Authorization: `Bearer ${was.token}` };
      await fetch(`${baseUrl}/api/sessions`, { method: 'DELETE', headers }).catch(() => null);
    },
    token,
    renew,
    close: () => globalThis.removeEventListener?.('storage', hear),
  };
}
