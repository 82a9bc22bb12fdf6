import { expect, test } from 'vitest';
import { ownerOf } from './owner';
import type { Visit } from './session';
import { memoryStorage } from './storage';
import { FakeSession } from './testing/fakes';
import { inboxOf } from './testing/inboxes';

const silence = () => new Promise<Response>(() => {});

/** Somebody whom the customer's own backend has signed in. */
function visitOf(claims: object): Visit {
  const part = (what: object) => Buffer.from(JSON.stringify(what)).toString('base64url');
  return { by: 'agent', token: `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`, profile: null };
}

test('what two people have begun is not mixed up, though Recado has no profile of them', () => {
  const storage = memoryStorage();
  const inbox = (sub: string) => {
    const session = new FakeSession();
    session.becomes(visitOf({ sub, tenantId: 'acme' }));
    return inboxOf(silence, { session, storage });
  };

  inbox('ana').draft('c', 'Bom d');

  expect(inbox('bia').getSnapshot().drafts.get('c')).toBeUndefined();
  expect(inbox('ana').getSnapshot().drafts.get('c')).toBe('Bom d');
});

test('whoever has a profile is called the same by it as by their token', () => {
  const visit = visitOf({ sub: 'ana', tenantId: 'acme' });
  const user = { id: 'ana', name: 'Ana', role: 'agent' as const };
  const profile = { user, tenant: { id: 'acme', name: 'Acme' } };

  expect(ownerOf({ ...visit, profile } as Visit)).toBe('acme.ana');
  expect(ownerOf(visit)).toBe('acme.ana');
});

test('somebody has the same name by each token of theirs, whatever letters it is of', () => {
  const names = [1, 2].map((exp) => ownerOf(visitOf({ sub: 'joão~?ÿ', tenantId: 'acme', exp })));
  const [first, next] = names;

  expect(first).toBe(next);
  expect(first).not.toBe('unknown');
});

test.each(['first', 'rcd_5f2a', '', 'a.b.c', `x.${btoa('{"sub":""}')}.x`, `x.${btoa('null')}.x`])(
  'the token "%s" names nobody',
  (token) => {
    expect(ownerOf({ by: 'agent', token, profile: null })).toBe('unknown');
  },
);
