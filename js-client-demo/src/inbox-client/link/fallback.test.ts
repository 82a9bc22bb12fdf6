import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { usualSettings } from '../settings';
import { FakeSocket, page, problem, stream, tick } from '../testing/fakes';
import { begun, socketless } from '../testing/links';

// A link without a websocket.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('after exactly 10 s without an answer, it polls', async () => {
  const { link, told, http, way } = await begun();
  await tick(9_999);
  expect(way()).toBe('connecting/null');
  expect(http.polls).toEqual([]);

  await tick(1);

  expect(way()).toBe('polling/poll');
  expect(told.logs).toContain('WebSocket timeout, falling back to polling');
  expect(told.logs).toContain('Starting polling fallback...');
  link.stop();
});

test('when the socket is refused by the network, it polls at once', async () => {
  const { link, way } = await begun();

  FakeSocket.last.fails();
  await tick();

  expect(way()).toBe('polling/poll');
  link.stop();
});

test('it polls every 3 s with an open conversation, every 30 s without', async () => {
  const { link, http } = await socketless();
  link.setActive(true);
  await tick();
  const before = http.polls.length;
  await tick(9_000);
  expect(http.polls.length - before).toBe(3);

  link.setActive(false);
  await tick(29_999);
  expect(http.polls.length - before).toBe(3);
  await tick(1);

  expect(http.polls.length - before).toBe(4);
  link.stop();
});

test('a pollingInterval of the page takes the place of the 3 s', async () => {
  const { link, http } = await socketless();
  link.pollEvery(1_000);
  link.setActive(true);
  await tick();
  const before = http.polls.length;

  await tick(5_000);

  expect(http.polls.length - before).toBe(5);
  link.stop();
});

test('a hidden tab does not poll, and does at once when it is seen again', async () => {
  const { link, http, browser } = await socketless();
  browser.becomes('hidden');
  const before = http.polls.length;
  await tick(600_000);
  expect(http.polls.length).toBe(before);

  browser.becomes('visible');
  await tick();

  expect(http.polls.length).toBe(before + 1);
  link.stop();
});

test('two polls are never under way at once', async () => {
  const it = await begun();
  let [under, most] = [0, 0];
  it.http.page = async (after) => {
    under += 1;
    most = Math.max(most, under);
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    under -= 1;
    return page([], after);
  };
  it.link.setActive(true);
  FakeSocket.last.fails();

  for (let second = 0; second < 60; second += 1) {
    it.link.setActive(second % 2 === 0);
    await tick(1_000);
  }

  expect(most).toBe(1);
  it.link.stop();
});

test('a poll that is not answered within 10 s is given up', async () => {
  const { link, http, told } = await begun();
  http.page = () => new Promise(() => {});
  FakeSocket.last.fails();
  await tick(9_999);
  expect(told.connection?.status).toBe('connecting');

  await tick(1);

  expect(told.connection?.status).toBe('disconnected');
  link.stop();
});

test('after errors it polls after 1, 2, 5, 10, 10 s; five in a row are an error, and it goes on', async () => {
  const it = await begun();
  it.http.page = () => problem(503);
  it.link.configure({
    ...usualSettings,
    backoff: { profile: 'x', profiles: { x: { delaysMs: [1e9], maxRetries: null } } },
  });
  FakeSocket.last.fails();
  const at: number[] = [];
  const ways: (string | undefined)[] = [];
  const start = Date.now();
  for (let second = 0; second < 30; second += 1) {
    await tick();
    while (it.http.polls.length > at.length) {
      at.push((Date.now() - start) / 1_000);
      ways.push(it.way());
    }
    await tick(1_000);
  }

  expect(at).toEqual([0, 1, 3, 8, 18, 28]);
  expect(ways[3]).toBe('disconnected/null');
  expect(ways[4]).toBe('error/null');
  it.http.page = (after) => page([], after);
  await tick(10_000);
  expect(it.way()).toBe('polling/poll');
  it.link.stop();
});

test('where a stream gets through, it listens to that and does not poll; it polls when it ends', async () => {
  const it = await begun();
  const events = stream();
  it.http.stream = () => events.response;
  FakeSocket.last.fails();
  await tick();
  events.says(': connected\n\n');
  await tick();
  expect(it.way()).toBe('polling/sse');
  const polls = it.http.polls.length;

  const [head, rest] = [
    'event: message:updated\nid: 101\ndata: {"seq":101,"conver',
    'sationId":"c"}\n\n',
  ];
  events.says(head);
  await tick(40_000);
  FakeSocket.all.at(-1)?.fails();
  events.says(rest);
  events.tells(102);
  await tick(60);
  expect(it.seqs()).toEqual([101, 102]);
  expect(it.http.polls.length).toBe(polls);

  events.ends();
  await tick();
  expect(it.way()).toBe('polling/poll');
  expect(it.http.polls.at(-1)).toBe(102);
  it.link.stop();
});

test('a stream that a proxy holds back does not stop the polling', async () => {
  const it = await socketless();
  it.http.stream = () => stream().response;
  it.link.setActive(true);
  await tick(60_000);
  const before = it.http.polls.length;

  await tick(9_000);

  expect(it.http.polls.length - before).toBe(3);
  it.link.stop();
});

test('a stream that says nothing for 45 s is dead', async () => {
  const it = await begun();
  const events = stream();
  it.http.stream = () => events.response;
  FakeSocket.last.fails();
  await tick();
  events.says(': connected\n\n');
  await tick(44_999);
  for (const socket of FakeSocket.open) socket.fails();
  expect(it.way()).toBe('polling/sse');

  await tick(1);

  expect(it.way()).toBe('polling/poll');
  it.link.stop();
});

test('Socket.IO over long-polling is polling, and becomes connected when it moves up', async () => {
  const { link, way } = await begun();
  FakeSocket.last.opens('polling');
  await tick();
  expect(way()).toBe('polling/long-polling');

  FakeSocket.last.movesUp();

  expect(way()).toBe('connected/websocket');
  link.stop();
});

test('while it is polling by Socket.IO, a websocket is tried in the background, and takes over', async () => {
  const { link, way, seqs } = await begun();
  const slow = FakeSocket.last;
  slow.opens('polling');
  slow.tells(101);
  await tick(29_999);
  expect(FakeSocket.all).toHaveLength(1);
  await tick(1);
  expect(FakeSocket.last.options.transports).toEqual(['websocket']);
  expect(FakeSocket.last.hello).toEqual({ token: 'first', after: 101 });
  expect(way()).toBe('polling/long-polling');

  slow.tells(102);
  FakeSocket.last.opens();
  FakeSocket.last.tells(102, 103);
  await tick(60);

  expect(way()).toBe('connected/websocket');
  expect(slow.isClosed).toBe(true);
  expect(seqs()).toEqual([101, 102, 103]);
  link.stop();
});

test('a background try that fails leaves what works, and comes ever less often', async () => {
  const { link, way } = await begun();
  FakeSocket.last.opens('polling');
  await tick(30_000);
  FakeSocket.last.fails();
  expect(way()).toBe('polling/long-polling');
  expect(FakeSocket.open).toHaveLength(1);

  await tick(59_999);
  expect(FakeSocket.all).toHaveLength(2);
  await tick(1);

  expect(FakeSocket.all).toHaveLength(3);
  link.stop();
});

test('a websocket that takes over just after what worked was lost stays', async () => {
  const { link, told } = await begun();
  const slow = FakeSocket.last;
  slow.opens('polling');
  await tick(30_000);
  const better = FakeSocket.last;

  slow.isCut();
  expect(told.connection?.nextRetryAt).not.toBeNull();
  better.opens();
  await tick(5_000);

  expect(better.isClosed).toBe(false);
  expect(FakeSocket.last).toBe(better);
  expect(told.connection).toMatchObject({ status: 'connected', nextRetryAt: null });
  link.stop();
});
