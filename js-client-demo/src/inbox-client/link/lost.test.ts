import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { usualSettings } from '../settings';
import { FakeSocket, page, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link when the socket is lost.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it is tried again after 1, 2, 4, 8, 16, 30, 30 s', async () => {
  const { link, told } = await begun();
  const waits: number[] = [];

  for (let each = 0; each < 7; each += 1) {
    const before = FakeSocket.all.length;
    FakeSocket.last.fails();
    let waited = 0;
    while (FakeSocket.all.length === before) {
      await tick(500);
      waited += 0.5;
    }
    waits.push(waited);
  }

  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
  expect(told.logs).toContain('Retrying connection in 2000ms (attempt 2)');
  link.stop();
});

test.each([
  [0, 800],
  [0.999_999, 1_200],
])('the wait differs by up to 20 %% (chance %d)', async (chance, wait) => {
  const { link, told } = await begun({ random: () => chance });

  FakeSocket.last.fails();

  expect((told.connection?.nextRetryAt ?? 0) - Date.now()).toBe(wait);
  link.stop();
});

test('by the profile of steps it is tried again after 1, 2, 5, 10, 10 s, and then given up', async () => {
  const it = await begun();
  const steps = { delaysMs: [1_000, 2_000, 5_000, 10_000], maxRetries: 5 };
  it.link.configure({ ...usualSettings, backoff: { profile: 'steps', profiles: { steps } } });
  it.http.page = () => new TypeError('no network');
  for (const wait of [1, 2, 5, 10, 10]) {
    const before = FakeSocket.all.length;
    FakeSocket.last.fails();
    await tick(wait * 1_000 - 1);
    expect(FakeSocket.all).toHaveLength(before);
    await tick(1);
    expect(FakeSocket.all).toHaveLength(before + 1);
  }
  const before = FakeSocket.all.length;

  FakeSocket.last.fails();
  await tick(600_000);

  expect(it.way()).toBe('error/null');
  expect(FakeSocket.all).toHaveLength(before);
  it.link.retry();
  expect(FakeSocket.all).toHaveLength(before + 1);
  it.link.stop();
});

test('websocket first and polling first take turns, until a websocket works', async () => {
  const { link } = await begun();
  const tried = [FakeSocket.last.options.transports[0]];
  for (let each = 0; each < 3; each += 1) {
    FakeSocket.last.fails();
    await tick(10_000);
    tried.push(FakeSocket.last.options.transports[0]);
  }

  expect(tried).toEqual(['websocket', 'polling', 'websocket', 'polling']);
  FakeSocket.last.opens();
  FakeSocket.last.isCut();
  await tick(1_000);
  FakeSocket.last.opens();
  FakeSocket.last.isCut();
  expect(FakeSocket.all.at(-1)?.options.transports).toBeDefined();
  link.stop();
});

test('polling stops when it is back, and that is said', async () => {
  const { link, http, told, way } = await begun();
  FakeSocket.last.fails();
  await tick(1_000);
  FakeSocket.last.opens();
  await tick();
  const before = http.polls.length + http.streams;
  expect(way()).toBe('connected/websocket');

  await tick(600_000);

  expect(http.polls.length + http.streams).toBe(before);
  expect(told.logs).toContain('Polling stopped - WebSocket reconnected');
  link.stop();
});

test('every way goes on from the same event, and none tells what another has told', async () => {
  const it = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.tells(101, 102);
  it.http.page = (after) =>
    page(
      [101, 102, 103].filter((seq) => seq > after),
      103,
    );
  FakeSocket.last.isCut();
  await tick(1_000);

  expect(it.http.polls[0]).toBe(102);
  expect(FakeSocket.last.hello?.after).toBe(103);
  FakeSocket.last.opens();
  FakeSocket.last.tells(103, 104);
  await tick(60);

  expect(it.seqs()).toEqual([101, 102, 103, 104]);
  it.link.stop();
});

test('a poll reads on until there is no more', async () => {
  const it = await begun();
  it.http.page = (after) => (after < 103 ? page([after + 1], after + 1, true) : page([], 103));

  FakeSocket.last.fails();
  await tick(60);

  expect(it.seqs()).toEqual([101, 102, 103]);
  expect(it.http.polls).toEqual([100, 101, 102, 103]);
  it.link.stop();
});
