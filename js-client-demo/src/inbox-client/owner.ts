import type { Visit } from './session';

/**
 * By what the things of whoever is here are told apart on this device: the tenant and the person.
 *
 * Where another frontend has signed them in, whom their token names; that is believed here without a
 * proof, since it is a name and opens nothing.
 */
export function ownerOf(visit: Visit): string {
  if (visit.by !== 'agent') return 'unknown';
  const { profile, token } = visit;
  return profile ? `${profile.tenant.id}.${profile.user.id}` : (namedBy(token) ?? 'unknown');
}

/** Whom the claims of a JWT name; nobody, where it is none. */
function namedBy(token: string): string | null {
  try {
    const claims = token.split('.')[1] ?? '';
    const { sub, tenantId } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/')));
    return typeof sub === 'string' && sub !== '' ? `${tenantId}.${sub}` : null;
  } catch {
    return null;
  }
}
