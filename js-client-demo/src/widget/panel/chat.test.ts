import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MakeSocket } from '../../inbox-client/link/socket';
import { memoryStorage } from '../../inbox-client/storage';
import { FakeBrowser, FakeSocket, problem, tick } from '../../inbox-client/testing/fakes';
import { Chat } from './chat';
import { Key } from './key';
import type { Line } from './types';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const site = 'GET /api/livechat/inboxes/pub';
const sessions = 'POST /api/livechat/sessions';
const messages = 'GET /api/livechat/sessions/s1/messages';

function line(id: string, more: Partial<Line> = {}): Line {
  const timestamp = '2025-07-19T11:00:00.000Z';
  const said = { type: 'TEXT', content: id, metadata: {}, author: null, timestamp };
  return { id, direction: 'OUTBOUND', status: 'SENT', ...said, ...more };
}

/** A visitor of a site, who has chatted there before or has not, and a server that does as the test says. */
function visitor({ isKnown = true } = {}) {
  FakeSocket.all = [];
  const storage = memoryStorage();
  if (isKnown) new Key(storage, 'pub').take('vis_1');
  const browser = new FakeBrowser();
  const asked: string[] = [];
  const told: Record<string, unknown>[] = [];
  const bearers: (string | null)[] = [];
  const unread: number[] = [];
  const fates = new Map<string, number[]>();
  let begun = isKnown ? 1 : 0;
  const answer = (what: string, body: Record<string, unknown>): unknown => {
    if (what === site) return { agents: 'available', preChat: [], largestFileKb: 10_000 };
    if (what === sessions) {
      told.push(body);
      if (!isKnown) begun += 1;
      const status = isKnown ? 'active' : 'new';
      const session = { id: `s${begun}`, conversationId: 'c', status };
      const token = bearers.at(-1)?.replace('Bearer ', '') ?? `vis_${begun}`;
      return { session, token, seq: 100 };
    }
    if (/^POST .*messages$/.test(what)) {
      const { clientId } = body;
      return line('own', { direction: 'INBOUND', metadata: { clientId: `${clientId}` } });
    }
    return { messages: isKnown ? [line('before')] : [], seq: 100, hasMore: false };
  };
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const { method = 'GET', body, headers } = init;
    const what = `${method} ${path}`;
    if (path === '/api/realtime/config') return problem(404);
    asked.push(what);
    if (what === sessions) bearers.push(new Headers(headers).get('Authorization'));
    const answered = answer(what, JSON.parse(String(body ?? '{}')));
    await new Promise((soon) => setTimeout(soon, 1));
    const status = fates.get(what)?.shift();
    return status ? problem(status) : Response.json(answered);
  });
  const chat = new Chat({
    inbox: 'pub',
    storage,
    browser,
    makeSocket: ((_: string, options: unknown) => new FakeSocket(options)) as unknown as MakeSocket,
    locale: 'pt-BR',
    log: () => {},
    onChange: () => {},
    onUnread: (count) => unread.push(count),
    onBegun: () => {},
  });
  return {
    chat,
    browser,
    told,
    /** By which tokens they asked to be let in. */
    bearers,
    /** How many lines were said to be unread, each time. */
    unread,
    /** The same visitor in another tab. */
    elsewhere: new Key(storage, 'pub'),
    /** The next requests of this kind are answered so. */
    fails: (what: string, ...statuses: number[]) => fates.set(what, statuses),
    times: (what: string) => asked.filter((each) => each === what).length,
    said: () => chat.lines().map(({ id }) => id),
  };
}

/** An agent says something, and the visitor's socket brings it. */
async function isAnswered(): Promise<void> {
  FakeSocket.last.opens();
  const message = line('answer');
  FakeSocket.last.hear('message:new', { seq: 101, conversationId: 'c', message });
  await tick(100);
}

describe.each([
  ['how the site wants its chat', site],
  ['the chat that is gone on with', sessions],
  ['what was said', messages],
])('where %s cannot be had at first', (_, what) => {
  test.each<[string, (it: ReturnType<typeof visitor>) => unknown]>([
    ['by itself, soon', () => tick(1_200)],
    ['when the visitor wants it now', ({ chat }) => chat.retryNow()],
    ['when the chat is opened', ({ chat }) => chat.show(true)],
    ['when the network is back', ({ browser }) => browser.becomes('online')],
    ['when the page is looked at again', ({ browser }) => browser.becomes('visible')],
  ])('it is asked for again %s', async (_, happens) => {
    const joao = visitor();
    joao.fails(what, 502);
    const started = joao.chat.start();
    await tick(100);
    expect(joao.chat.connection.status).toBe('disconnected');
    expect(FakeSocket.all).toEqual([]);

    await happens(joao);
    await tick(100);
    await isAnswered();

    await started;
    expect(joao.times(what)).toBe(2);
    expect(joao.chat.site).not.toBeNull();
    expect(joao.chat.connection.status).toBe('connected');
    expect(joao.said()).toEqual(['answer', 'before']);
  });
});

test('a server that is away for long is asked ever less often, and found', async () => {
  const joao = visitor({ isKnown: false });
  joao.fails(site, ...Array(20).fill(502));

  const started = joao.chat.start();
  await tick(240_000);
  expect(joao.times(site)).toBeLessThan(16);
  await tick(600_000);

  await started;
  expect(joao.chat.connection.status).toBe('connected');
});

test('what is refused for good is not asked for again', async () => {
  const joao = visitor();
  joao.fails(site, 404);

  const started = expect(joao.chat.start()).rejects.toMatchObject({ status: 404 });
  await tick(120_000);

  await started;
  expect(joao.times(site)).toBe(1);
});

test('a chat that was entered for a message is followed, though it could not be at first', async () => {
  const joao = visitor();
  joao.fails(sessions, 502);
  joao.fails(messages, 502);
  void joao.chat.start();
  await tick(100);

  joao.chat.send('Oi');
  await tick(5_000);
  await isAnswered();

  expect(joao.said()).toEqual(['answer', 'before', 'own']);
});

test('what was missed for too long is read, though it could not be at first', async () => {
  const joao = visitor();
  void joao.chat.start();
  await tick(100);
  FakeSocket.last.opens();
  const before = joao.times(messages);

  joao.fails(messages, 502);
  FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
  await tick(2_000);

  expect(joao.times(messages)).toBe(before + 2);
  expect(joao.chat.connection.status).toBe('connected');
  expect(FakeSocket.open).toHaveLength(1);
});

test('what has been counted, or seen, is not counted again when it is read anew', async () => {
  const joao = visitor();
  const misses = async () => {
    FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
    await tick(100);
  };
  void joao.chat.start();
  await tick(100);
  FakeSocket.last.opens();
  expect(joao.unread).toEqual([1]);

  await misses();
  joao.chat.show(true);
  joao.chat.show(false);
  await misses();

  expect(joao.times(messages)).toBe(3);
  expect(joao.unread).toEqual([1]);
});

test('what is written without a network goes out once it is back', async () => {
  const joao = visitor();
  void joao.chat.start();
  await tick(100);
  joao.browser.becomes('offline');
  joao.chat.send('Oi');
  await tick(60_000);
  expect(joao.chat.waiting()).toHaveLength(1);

  joao.browser.becomes('online');
  await tick(100);

  expect(joao.chat.waiting()).toEqual([]);
  expect(joao.said()).toContain('own');
});

test('whatever a chat begins with at once, it begins once', async () => {
  const joao = visitor({ isKnown: false });
  void joao.chat.start();
  await tick(100);

  const entered = Promise.all([joao.chat.visit.enter(), joao.chat.visit.enter()]);
  joao.chat.send('Oi');
  await tick(100);

  const [first, second] = await entered;
  expect(joao.times(sessions)).toBe(1);
  expect(first).toBe(second);
  expect(joao.chat.session?.id).toBe('s1');
  expect(joao.said()).toEqual(['own']);
});

test('a visitor who was refused is in their chat once the site vouches for them', async () => {
  const joao = visitor();
  joao.fails(sessions, 403, 502);
  const refused = expect(joao.chat.start()).rejects.toMatchObject({ status: 403 });
  await tick(100);
  await refused;

  const entered = joao.chat
    .identify({ userId: '42', hash: 'ab' })
    .then(() => joao.chat.session?.id ?? 'nowhere');
  await tick(2_000);

  expect(await entered).toBe('s1');
  expect(joao.told.at(-1)).toMatchObject({ identity: { userId: '42', hash: 'ab' } });
  expect(joao.said()).toEqual(['before']);
});

test('a visitor for whom the site vouches while the chat begins, is in the chat of whom it vouches for', async () => {
  const joao = visitor({ isKnown: false });
  void joao.chat.start();
  await tick(100);

  const first = joao.chat.visit.enter();
  void joao.chat.identify({ userId: '42', hash: 'ab' });
  const second = joao.chat.visit.enter();
  await tick(100);

  expect(joao.told.at(-1)).toMatchObject({ identity: { userId: '42', hash: 'ab' } });
  expect([await first, await second].map(({ id }) => id)).toEqual(['s2', 's2']);
  expect(joao.chat.session?.id).toBe('s2');
  expect(joao.times('GET /api/livechat/sessions/s1/messages')).toBe(0);
});

test('a chat that the visitor has begun in another tab goes on in this one', async () => {
  const joao = visitor({ isKnown: false });
  void joao.chat.start();
  await tick(100);
  joao.elsewhere.take('vis_7');

  joao.chat.send('Oi');
  await tick(100);

  expect(joao.bearers).toEqual(['Bearer vis_7']);
  expect(joao.said()).toEqual(['own']);
});

test('it shows there once one looks at this one again', async () => {
  const joao = visitor({ isKnown: false });
  void joao.chat.start();
  await tick(100);
  joao.elsewhere.take('vis_7');

  joao.browser.becomes('visible');
  await tick(100);

  expect(joao.chat.session).not.toBeNull();
  expect(joao.bearers).toEqual(['Bearer vis_7']);
});

test('where a token has become too old, that of another tab is the next', async () => {
  const joao = visitor();
  void joao.chat.start();
  await tick(100);
  joao.elsewhere.take('vis_7');
  joao.fails('POST /api/livechat/sessions/s1/messages', 401);

  joao.chat.send('Oi');
  await tick(2_000);

  expect(joao.bearers).toEqual(['Bearer vis_1', 'Bearer vis_7']);
  expect(joao.said()).toContain('own');
});
