import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, stream, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link at the end.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const states: [string, (it: Awaited<ReturnType<typeof begun>>) => unknown][] = [
  ['being opened', () => {}],
  ['connected', () => FakeSocket.last.opens()],
  [
    'on long-polling, a websocket being tried',
    () => {
      FakeSocket.last.opens('polling');
      return tick(30_000);
    },
  ],
  ['refused by the network', () => FakeSocket.last.fails()],
  [
    'cut',
    () => {
      FakeSocket.last.opens();
      FakeSocket.last.isCut();
    },
  ],
  ['late', () => tick(10_500)],
  [
    'holding events back',
    () => {
      FakeSocket.last.opens();
      FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
      FakeSocket.last.tells(901);
    },
  ],
  [
    'waiting for an answer',
    ({ http }) => {
      http.page = () => new Promise(() => {});
      FakeSocket.last.fails();
    },
  ],
  [
    'on a stream',
    async ({ http }) => {
      const events = stream();
      http.stream = () => events.response;
      FakeSocket.last.fails();
      await tick();
      events.says(':\n\n');
    },
  ],
  [
    'told of a lag',
    () => {
      FakeSocket.last.opens();
      FakeSocket.last.hear('heartbeat', { seq: 999 });
    },
  ],
];

test.each(states)('no timer, socket or listener is left: %s', async (_, happens) => {
  const it = await begun();
  await happens(it);
  await tick(7);

  it.link.stop();
  await tick();

  expect(vi.getTimerCount()).toBe(0);
  expect(FakeSocket.open).toEqual([]);
  expect(it.browser.hearers).toBe(0);
  const before = FakeSocket.all.length + it.http.polls.length + it.http.streams;
  await tick(600_000);
  expect(FakeSocket.all.length + it.http.polls.length + it.http.streams).toBe(before);
});

test('what has come is handed over before it ends', async () => {
  const { link, seqs } = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.tells(101);

  link.stop();

  expect(seqs()).toEqual([101]);
  expect(link.point).toBe(101);
});

test('start, stop and start again end with one socket that goes on from where it was', async () => {
  const { link, way } = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.tells(101);
  link.stop();
  link.start();
  await tick();

  expect(FakeSocket.open).toHaveLength(1);
  expect(FakeSocket.last.hello?.after).toBe(101);
  FakeSocket.last.opens();
  await tick();
  expect(way()).toBe('connected/websocket');
  link.stop();
  expect(vi.getTimerCount()).toBe(0);
});
