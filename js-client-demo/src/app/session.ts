import type { Session } from '../inbox-client/wire';

/** What the header tells of who is signed in. */
export type Profile = Pick<Session, 'user' | 'tenant'>;

const tokenKey = 'token';
const profileKey = 'recado.profile';

/** Who signed in on this browser; the profile is missing if another frontend stored the token. */
export function keptSession():
  | { by: 'stranger' }
  | { by: 'agent'; token: string; profile: Profile | null } {
  const token = localStorage.getItem(tokenKey);
  if (!token) return { by: 'stranger' };
  const profile = localStorage.getItem(profileKey);
  return { by: 'agent', token, profile: profile ? (JSON.parse(profile) as Profile) : null };
}

/** Keeps a session over reloads, its token where other frontends of this server look for it. */
export function keepSession({ token, user, tenant }: Session): void {
  localStorage.setItem(tokenKey, token);
  localStorage.setItem(profileKey, JSON.stringify({ user, tenant } satisfies Profile));
}

/** Signs out on this browser. */
export function forgetSession(): void {
  localStorage.removeItem(tokenKey);
  localStorage.removeItem(profileKey);
}
