// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox } from '../../inbox-client';
import { nothingYet } from '../../inbox-client/store/state';
import { DashboardScreen } from './DashboardScreen';

// There is nothing here to draw a chart on.
vi.mock('./Volume', () => ({ Volume: () => null }));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const admin = { ...nothingYet, me: { user: { id: 'ada', role: 'admin' } } };
const quick = { median: null, p90: null, count: 0 };
const answers: Record<string, object> = {
  '/api/stats': {
    now: { open: 7, unread: 0, unassigned: 0 },
    waiting: { count: 0, oldestSince: null },
    messages: { received: 0, sent: 0, hours: [] },
    times: { firstResponse: quick, resolution: quick },
    inboxes: [],
    failures: [],
  },
  '/api/agents': { agents: [] },
  '/api/stats/agents': { agents: [] },
  '/api/socket/stats': { totalConnections: 3 },
  '/api/socket/connections': [],
  '/api/sending': { inboxes: [{ inboxId: 'i1', name: 'Vendas', waiting: 0, heldUntil: null }] },
};

/** An admin's dashboard on a server that does not answer what it is told not to. */
async function dashboard(...away: string[]) {
  vi.stubGlobal('fetch', async ({ url }: Request) => {
    const { pathname } = new URL(url);
    return away.includes(pathname)
      ? Response.json({}, { status: 503 })
      : Response.json(answers[pathname]);
  });
  const GET = async (path: string) =>
    away.includes(path)
      ? { error: {}, response: new Response(null, { status: 503 }) }
      : { data: answers[path], response: new Response() };
  const inbox = {
    api: { GET },
    getSnapshot: () => admin,
    subscribe: () => () => {},
    listen: () => () => {},
  } as unknown as Inbox;
  render(
    <InboxContext value={inbox}>
      <DashboardScreen />
    </InboxContext>,
  );
  // The next try comes only after a second.
  const settle = () => act(() => vi.advanceTimersByTimeAsync(100));
  await settle();
  return {
    triesAgain: async () => {
      away.length = 0;
      fireEvent.click(screen.getByText('Tentar de novo'));
      await settle();
    },
  };
}

test.each([
  ['the figures', '/api/stats', 'Números de agora'],
  ["the team's", '/api/stats/agents', 'Ninguém atende ainda.'],
  ['how many are connected', '/api/socket/stats', 'Conexões'],
  ['who is connected', '/api/socket/connections', 'Conexões'],
  ['how sending goes', '/api/sending', 'Vendas'],
])('where %s cannot be had that is said, until somebody tries again', async (_, path, there) => {
  const { triesAgain } = await dashboard(path);
  const isThere = () => (screen.queryByText(there) ?? screen.queryByLabelText(there)) !== null;
  expect(screen.getByRole('alert').textContent).toContain('Não foi possível carregar os números.');
  expect(isThere()).toBe(false);

  await triesAgain();

  expect(screen.queryByRole('alert')).toBeNull();
  expect(isThere()).toBe(true);
});
