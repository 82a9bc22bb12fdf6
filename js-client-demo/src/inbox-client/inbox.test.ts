import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, tick } from './testing/fakes';
import { inboxOf } from './testing/inboxes';
import { boardOf, conversation, message } from './testing/samples';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const sent = message('sent', { direction: 'OUTBOUND', status: 'PENDING' });

const none = new Response(null, { status: 404 });

/** An inbox with an open conversation; the server answers what is sent when the test says so. */
async function desk({ presence = none } = {}) {
  const server = { chats: [conversation('c')], boards: 0, boardMayCome: Promise.resolve() };
  let answers = () => {};
  const answered = new Promise<void>((answer) => {
    answers = answer;
  });
  const fetch = async (request: Request) => {
    const path = new URL(request.url).pathname;
    if (path === '/api/board') {
      server.boards += 1;
      const board = boardOf(10, { new: server.chats });
      await server.boardMayCome;
      return Response.json(board);
    }
    if (path === '/api/me') return Response.json({ user: { id: 'ada' }, tenant: { id: 'acme' } });
    if (path === '/api/presence') return presence;
    if (!path.endsWith('/messages')) return new Response(null, { status: 404 });
    if (request.method === 'GET') return Response.json({ messages: [], hasMore: false });
    await answered;
    return Response.json(sent, { status: 202 });
  };
  const inbox = inboxOf(fetch);
  inbox.start();
  inbox.open('c');
  await tick();
  FakeSocket.last.opens();
  await tick();
  return {
    inbox,
    server,
    answers,
    tells: (name: string, payload: object) =>
      FakeSocket.last.hear(name, { conversationId: 'c', ...payload }),
    messages: () => inbox.getSnapshot().threads.get('c')?.messages ?? [],
    chats: () => [...inbox.getSnapshot().conversations.keys()],
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

test('a reply that has been begun stays while a note is written, or something else is sent', async () => {
  const { inbox } = await desk();
  inbox.draft('c', 'Bom d');

  inbox.note('c', 'vip');
  inbox.send('c', { content: '', type: 'LOCATION', location: { latitude: -23, longitude: -46 } });

  expect(inbox.getSnapshot().drafts.get('c')).toBe('Bom d');
  inbox.stop();
});

test('who may see something else from now on sees that at once, and nothing else any more', async () => {
  const { inbox, server, tells, chats } = await desk();
  server.chats = [conversation('granted')];

  tells('access:changed', { seq: 11, userId: 'ada' });
  await tick(100);

  expect(chats()).toEqual(['granted']);
  expect(server.boards).toBe(2);
  expect(inbox.getSnapshot().afresh).toBe(1);
  inbox.stop();
});

test('also where the board is just being read as it was to be seen before', async () => {
  const { inbox, server, tells, chats } = await desk();
  let comes = () => {};
  server.boardMayCome = new Promise((resolve) => {
    comes = resolve;
  });
  FakeSocket.last.hear('ready', { seq: 10, head: 10, complete: false });
  await tick();
  server.chats = [conversation('granted')];

  tells('access:changed', { seq: 11, userId: 'ada' });
  await tick(100);
  comes();
  await tick(100);

  expect(chats()).toEqual(['granted']);
  inbox.stop();
});

test('what somebody else may see is none of ours', async () => {
  const { inbox, server, tells, chats } = await desk();

  tells('access:changed', { seq: 11, userId: 'bia' });
  await tick(100);

  expect(chats()).toEqual(['c']);
  expect(server.boards).toBe(1);
  inbox.stop();
});

test.each([
  ['a page of a proxy', () => new Response('<p>Please sign in</p>')],
  ['something else', () => Response.json([])],
])('who is there is left open where %s is answered', async (_, presence) => {
  const lost = vi.fn();
  process.on('unhandledRejection', lost);
  const { inbox } = await desk({ presence: presence() });
  await tick(100);

  process.off('unhandledRejection', lost);
  expect(lost).not.toHaveBeenCalled();
  expect(inbox.getSnapshot().presence.size).toBe(0);
  inbox.stop();
});
