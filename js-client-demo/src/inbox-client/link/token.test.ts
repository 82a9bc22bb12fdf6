import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, page, problem, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link with the token.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('one that has expired is exchanged, and it connects with the next', async () => {
  const { link, session, way } = await begun();

  FakeSocket.last.refuses('the token has expired');
  await tick();
  expect(FakeSocket.last.hello?.token).toBe('next');
  FakeSocket.last.opens();

  expect(session.renewals).toBe(1);
  expect(way()).toBe('connected/websocket');
  link.stop();
});

test('one that expires while it is connected is exchanged too', async () => {
  const { link, session } = await begun();
  FakeSocket.last.opens();

  FakeSocket.last.hear('auth:expired', {});
  await tick();

  expect(session.renewals).toBe(1);
  expect(FakeSocket.last.hello?.token).toBe('next');
  expect(FakeSocket.open).toHaveLength(1);
  link.stop();
});

test('one that is not taken is an error, and nobody is hammered', async () => {
  const { link, browser, http, session, way } = await begun();
  session.fate = 'refused';
  FakeSocket.last.refuses('the session has ended');
  await tick();
  expect(way()).toBe('error/null');
  const before = FakeSocket.all.length;

  browser.becomes('hidden');
  browser.becomes('visible');
  browser.becomes('online');
  await tick(600_000);

  expect(FakeSocket.all).toHaveLength(before);
  expect(http.polls).toEqual([]);
  link.retry();
  expect(FakeSocket.all).toHaveLength(before + 1);
  link.stop();
});

test("a proxy's 403 is not the server's: polling goes on", async () => {
  const { link, http, way } = await begun();
  http.page = () => problem(403);
  FakeSocket.last.fails();
  await tick();
  expect(way()).toBe('disconnected/null');

  http.page = (after) => page([], after);
  await tick(1_000);

  expect(way()).toBe('polling/poll');
  link.stop();
});

test('a poll that the server does not take the token of is an error', async () => {
  const { link, http, way } = await begun();
  http.page = () => problem(401, 'session_ended');

  FakeSocket.last.fails();
  await tick(60_000);

  expect(way()).toBe('error/null');
  expect(http.polls).toHaveLength(1);
  link.stop();
});

test('a next one that is not taken either does not make it try without a pause', async () => {
  const { link } = await begun();
  FakeSocket.last.refuses('the token has expired');
  await tick();
  const before = FakeSocket.all.length;

  FakeSocket.last.refuses('the token has expired');
  await tick(500);

  expect(FakeSocket.all).toHaveLength(before);
  link.stop();
});
