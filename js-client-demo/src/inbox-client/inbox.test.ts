import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Inbox } from './inbox';
import type { MakeSocket } from './link/socket';
import { memoryStorage } from './storage';
import { FakeBrowser, FakeSession, FakeSocket, tick } from './testing/fakes';
import { boardOf, conversation, message } from './testing/samples';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const sent = message('sent', { direction: 'OUTBOUND', status: 'PENDING' });

/** An inbox with an open conversation; the server answers what is sent when the test says so. */
async function desk() {
  FakeSocket.all = [];
  let answers = () => {};
  const answered = new Promise<void>((answer) => {
    answers = answer;
  });
  const fetch = async (request: Request) => {
    const path = new URL(request.url).pathname;
    if (path === '/api/board') return Response.json(boardOf(10, { new: [conversation('c')] }));
    if (path === '/api/me') return Response.json({ user: { id: 'ada' }, tenant: { id: 'acme' } });
    if (!path.endsWith('/messages')) return new Response(null, { status: 404 });
    if (request.method === 'GET') return Response.json({ messages: [], hasMore: false });
    await answered;
    return Response.json(sent, { status: 202 });
  };
  const inbox = new Inbox(new FakeSession(), {
    baseUrl: 'http://server',
    fetch: fetch as typeof globalThis.fetch,
    makeSocket: ((_: string, options: unknown) => new FakeSocket(options)) as unknown as MakeSocket,
    browser: new FakeBrowser(),
    storage: memoryStorage(),
    log: () => {},
  });
  inbox.start();
  inbox.open('c');
  await tick();
  FakeSocket.last.opens();
  await tick();
  return {
    inbox,
    answers,
    tells: (name: string, payload: object) =>
      FakeSocket.last.hear(name, { conversationId: 'c', ...payload }),
    messages: () => inbox.getSnapshot().threads.get('c')?.messages ?? [],
  };
}

const error = { code: 'outcome_unknown' };

test('what an event tells of a sent message is not taken back by the answer that comes after it', async () => {
  const { inbox, answers, tells, messages } = await desk();

  inbox.send('c', 'Chegou?');
  await tick();
  tells('message:new', { seq: 11, message: sent });
  tells('message:updated', { seq: 12, message: { ...sent, error } });
  tells('conversation:updated', { seq: 13 });
  await tick(100);
  answers();
  await tick(100);

  expect(messages()).toMatchObject([{ id: 'sent', status: 'PENDING', error }]);
  inbox.stop();
});

test('nor is what an event tells that has come, and waits to be shown, when the answer comes', async () => {
  const { inbox, answers, tells, messages } = await desk();

  inbox.send('c', 'Chegou?');
  await tick();
  tells('message:new', { seq: 11, message: sent });
  await tick();
  tells('message:updated', { seq: 12, message: { ...sent, error } });
  answers();
  await tick(100);

  expect(messages()).toMatchObject([{ id: 'sent', status: 'PENDING', error }]);
  inbox.stop();
});

test('a message does not fall back to its clock when it was delivered before the answer came', async () => {
  const { inbox, answers, tells, messages } = await desk();

  inbox.send('c', 'Oi');
  await tick();
  tells('message:new', { seq: 11, message: sent });
  tells('message:status-update', { seq: 12, messageId: 'sent', status: 'DELIVERED' });
  tells('conversation:updated', { seq: 13 });
  await tick(100);
  answers();
  await tick(100);

  expect(messages()).toMatchObject([{ id: 'sent', status: 'DELIVERED' }]);
  inbox.stop();
});
