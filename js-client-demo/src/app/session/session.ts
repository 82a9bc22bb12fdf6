import { persistentAtom } from '@nanostores/persistent';
import { computed } from 'nanostores';
import { ApiError, endSession, renewSession } from '../../inbox-client/api';
import type { Session } from '../../inbox-client/wire';

/** Who is signed in on this browser, in all its tabs. */
export const session = persistentAtom<Session | null>('recado.session', null, {
  encode: JSON.stringify,
  decode: JSON.parse,
});

/** Why nobody is signed in; null for who has never been, or has left. */
export const parting = persistentAtom<'expired' | undefined>('recado.parting', undefined);

/** Who looks at the page. */
export const me = computed(session, (current) => current?.user ?? null);

/** This long before an access token expires, the next one is asked for. */
const earlyMs = 60_000;

/** Keeps a session over reloads, its token also where other frontends of this server look for it. */
export function enter(next: Session): void {
  localStorage.setItem('token', next.token);
  parting.set(undefined);
  session.set(next);
}

/** Signs out on this browser, and tells the server so that nobody uses these tokens any more. */
export function leave(): void {
  const current = session.get();
  if (current) void endSession(current.token).catch(() => {});
  forget();
}

/** The server no longer takes this session: whoever comes back signs in again, at the same place. */
export function expire(): void {
  parting.set('expired');
  forget();
}

/**
 * A token that can be used now: the one at hand, or the next one if it is about to expire.
 *
 * A refresh token can be used once, so the tabs of a browser take turns.
 * Rejects with an `ApiError` of status 401 once the session is over, which ends it here, too.
 */
export async function freshToken(): Promise<string> {
  if (isFresh(session.get())) return tokenOf(session.get());
  return navigator.locks.request('recado.refresh', async () => {
    const current = session.get();
    if (isFresh(current)) return tokenOf(current);
    if (!current?.refreshToken) throw over();
    try {
      const next = await renewSession(current.refreshToken);
      enter(next);
      return next.token;
    } catch (problem) {
      throw problem instanceof ApiError && problem.status < 500 && problem.status !== 429
        ? over()
        : problem;
    }
  });
}

/** Has the token renewed before it is needed, for as long as the returned function is not called. */
export function keepFresh(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = (current: Session | null) => {
    clearTimeout(timer);
    if (!current) return;
    const due = Date.parse(current.expiresAt) - Date.now() - earlyMs;
    // A timer holds no more than 24 days.
    timer = setTimeout(
      () =>
        freshToken()
          .then(() => plan(session.get()))
          .catch(() => {}),
      Math.min(Math.max(due, 1_000), 2 ** 31 - 1),
    );
  };
  const stop = session.subscribe(plan);
  return () => {
    stop();
    clearTimeout(timer);
  };
}

function isFresh(current: Session | null): boolean {
  return current !== null && Date.parse(current.expiresAt) - Date.now() > earlyMs;
}

function tokenOf(current: Session | null): string {
  if (!current) throw over();
  return current.token;
}

function over(): ApiError {
  expire();
  return new ApiError(401, 'session_over');
}

function forget(): void {
  localStorage.removeItem('token');
  session.set(null);
}
