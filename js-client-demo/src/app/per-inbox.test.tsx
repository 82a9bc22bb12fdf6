// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InboxContext } from '../hooks';
import type { Inbox } from '../inbox-client';
import { FakeSession } from '../inbox-client/testing/fakes';
import { inboxOf } from '../inbox-client/testing/inboxes';
import { narrowingOf as boardOf } from './board/filters';
import { narrowingOf as listOf, narrow } from './chat/list/narrowing';
import { useAgents } from './people';
import { Rest, useAnswer } from './rest';

beforeEach(() => localStorage.clear());
afterEach(cleanup);

/** The inbox of whoever has just signed in. */
function inboxFor(id: string, tenant: string, fetch = silence): Inbox {
  const session = new FakeSession();
  const user = { id, name: id, role: 'agent' as const };
  session.becomes({ by: 'agent', token: id, profile: { user, tenant: { id: tenant, name: '' } } });
  return inboxOf(fetch, { session });
}

/** A server that never answers. */
function silence(_: Request): Promise<Response> {
  return new Promise(() => {});
}

async function answering({ url }: Request): Promise<Response> {
  return url.endsWith('/api/agents')
    ? Response.json({ agents: [{ id: 'bia', name: 'Bia', isDisabled: false }] })
    : Response.json({ tokens: [{ id: 't', name: 'Robô' }] });
}

function Shown() {
  const { data } = useAnswer(['tokens'], (api) => api.GET('/api/tokens'));
  const names = [...(data?.tokens ?? []), ...useAgents()].map(({ name }) => name);
  return <p role="status">{names.join(', ')}</p>;
}

function show(inbox: Inbox): void {
  cleanup();
  render(
    <InboxContext value={inbox}>
      <Rest>
        <Shown />
      </Rest>
    </InboxContext>,
  );
}

test('what one person was told is not shown to the next while they wait', async () => {
  show(inboxFor('ada', 'acme', answering));
  await screen.findByText('Robô, Bia');

  show(inboxFor('eva', 'other'));

  expect(screen.getByRole('status').textContent).toBe('');
});

test('what one person has chosen is theirs, also once they sign in again', () => {
  const [ada, eva] = [inboxFor('ada', 'acme'), inboxFor('eva', 'other')];

  narrow(ada, { inboxId: 'acmes' });
  boardOf(ada).filters.set({ ...boardOf(ada).filters.get(), inboxId: 'acmes' });
  boardOf(ada).words.set('bolo');

  expect(listOf(eva).get().inboxId).toBe(null);
  expect(boardOf(eva).filters.get().inboxId).toBe(null);
  expect(boardOf(eva).isNarrowed.get()).toBe(false);
  const again = inboxFor('ada', 'acme');
  expect(listOf(again).get().inboxId).toBe('acmes');
  expect(boardOf(again).filters.get().inboxId).toBe('acmes');
});
