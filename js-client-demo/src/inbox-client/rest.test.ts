import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSession, tick } from './testing/fakes';
import { inboxOf } from './testing/inboxes';
import { boardOf, conversation, message } from './testing/samples';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('where an expired token cannot be exchanged for a while, nobody is refused for that', async () => {
  const session = new FakeSession();
  session.fate = 'unreachable';
  const sent: string[] = [];
  const fetch = async (request: Request) => {
    const path = new URL(request.url).pathname;
    if (request.headers.get('Authorization') !== 'Bearer next')
      return Response.json({ code: 'token_expired' }, { status: 401 });
    if (path === '/api/board') return Response.json(boardOf(10, { new: [conversation('c')] }));
    if (path === '/api/me') return Response.json({ user: { id: 'ada' }, tenant: { id: 'acme' } });
    if (!path.endsWith('/messages')) return new Response(null, { status: 404 });
    sent.push((await request.json()).content);
    return Response.json(message('sent'), { status: 202 });
  };
  const inbox = inboxOf(fetch, { session });
  const now = () => inbox.getSnapshot();

  inbox.start();
  inbox.send('c', 'Oi');
  await tick(10_000);
  expect([now().phase, now().outbox.length]).toEqual(['unreachable', 1]);
  session.fate = 'renewed';
  await tick(30_000);

  expect([now().phase, now().outbox.length]).toEqual(['ready', 0]);
  expect(sent).toEqual(['Oi']);
  inbox.stop();
});
