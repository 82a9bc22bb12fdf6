import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link with the browser.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('offline ends everything at once, online begins again without a wait', async () => {
  const { link, browser, told, http } = await begun();
  FakeSocket.last.opens();
  browser.becomes('offline');
  expect(told.connection).toMatchObject({ status: 'disconnected', error: 'offline' });
  expect(FakeSocket.open).toEqual([]);
  await tick(120_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(http.polls).toEqual([]);

  browser.becomes('online');

  expect(FakeSocket.open).toHaveLength(1);
  link.stop();
});

test('after sleep a dead socket is found within 3 s', async () => {
  const { link, browser, told } = await begun();
  FakeSocket.last.opens();
  await tick();
  FakeSocket.last.answer = null;
  await tick(1);

  browser.becomes('visible');
  await tick(2_999);
  expect(told.connection?.status).toBe('connected');
  await tick(1);

  expect(told.connection?.status).not.toBe('connected');
  expect(told.logs).toContain('probe timeout');
  link.stop();
});

test('after sleep a socket that is busy telling is not given up', async () => {
  const { link, browser, told } = await begun();
  FakeSocket.last.opens();
  await tick(1);
  FakeSocket.last.answer = null;

  browser.becomes('visible');
  await tick(1_000);
  FakeSocket.last.tells(101);
  await tick(2_000);

  expect(told.connection?.status).toBe('connected');
  link.stop();
});
