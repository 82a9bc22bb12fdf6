import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, linked, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link with a websocket.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it is connected, and knows the time to the server and back', async () => {
  const { link, told } = await begun();
  expect(told.connection).toMatchObject({ status: 'connecting', transport: null });

  FakeSocket.last.opens();
  await tick();

  expect(told.connection).toMatchObject({
    status: 'connected',
    transport: 'websocket',
    latencyMs: expect.any(Number),
  });
  expect(told.logs).toEqual(['Real-time connected successfully']);
  link.stop();
});

test('the handshake waits for the snapshot, and says after which event to go on', async () => {
  const { link } = linked();
  link.start();
  await tick(500);
  expect(FakeSocket.last.hello).toBeNull();

  link.begin(7);
  await tick();

  expect(FakeSocket.last.hello).toEqual({ token: 'first', after: 7 });
  link.stop();
});

test('events come in batches of at most 500, not more often than every 50 ms', async () => {
  const { link, told, seqs } = await begun();
  FakeSocket.last.opens();

  FakeSocket.last.tells(...Array.from({ length: 1_000 }, (_, index) => 101 + index));
  await tick(200);

  expect(seqs()).toHaveLength(1_000);
  expect(told.batches.map(({ length }) => length)).toEqual([500, 500]);
  link.stop();
});

test('a repeat is dropped', async () => {
  const { link, seqs } = await begun();
  FakeSocket.last.opens();

  FakeSocket.last.tells(101, 101, 100, 102, 101);
  await tick(60);

  expect(seqs()).toEqual([101, 102]);
  link.stop();
});

test('when the server is ahead for 2 s, what is missing is asked for', async () => {
  const { link } = await begun();
  const asked: number[] = [];
  FakeSocket.last.answer = (after) => {
    asked.push(after);
    return { ok: true, seq: Math.max(after, 105), complete: true };
  };
  FakeSocket.last.opens();
  await tick();
  asked.length = 0;

  FakeSocket.last.hear('heartbeat', { seq: 105 });
  await tick(1_999);
  expect(asked).toEqual([]);
  await tick(1);

  // The first measuring has already told that nothing up to 105 is for us.
  expect(asked).toEqual([]);
  expect(link.point).toBe(105);
  FakeSocket.last.hear('heartbeat', { seq: 110 });
  await tick(2_000);
  expect(asked).toEqual([105]);
  link.stop();
});

test('who types is told at once, and not in batches', async () => {
  const { link, told } = await begun();
  FakeSocket.last.opens();

  for (let key = 0; key < 3; key += 1) FakeSocket.last.hear('typing:start', {});

  expect(told.signals).toBe(3);
  link.stop();
});

test('rooms are joined again after a reconnection, and left when the last has left', async () => {
  const { link } = await begun();
  const leave = link.join('c');
  const leaveToo = link.join('c');
  FakeSocket.last.opens();
  FakeSocket.last.isCut();
  await tick(1_000);

  FakeSocket.last.opens();
  expect(FakeSocket.last.emitted).toEqual([['conversation:join', 'c']]);
  leave();
  leaveToo();

  expect(FakeSocket.last.emitted.at(-1)).toEqual(['conversation:leave', 'c']);
  expect(FakeSocket.last.emitted).toHaveLength(2);
  link.stop();
});

test('the latency is measured every 15 s, and every 60 s in a hidden tab', async () => {
  const { link, browser } = await begun();
  let measured = 0;
  FakeSocket.last.answer = (after) => {
    measured += 1;
    return { ok: true, seq: after, complete: true };
  };
  FakeSocket.last.opens();
  await tick(45_000);
  expect(measured).toBe(4);

  browser.becomes('hidden');
  await tick(15_000);
  await tick(120_000);

  expect(measured).toBe(7);
  link.stop();
});
