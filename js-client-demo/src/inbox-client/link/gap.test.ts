import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket, problem, stream, tick } from '../testing/fakes';
import { begun } from '../testing/links';

// A link when the log no longer has what was missed.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the page is told once to read afresh, and what comes meanwhile is held back', async () => {
  const { link, told, seqs } = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
  FakeSocket.last.tells(901, 902);
  await tick(60);
  expect(told.gaps).toBe(1);
  expect(seqs()).toEqual([]);

  link.begin(901);
  await tick(60);

  expect(seqs()).toEqual([902]);
  expect(link.point).toBe(902);
  link.stop();
});

test('what is held back is shown after 3 s, and the frontier stays where the gap begins', async () => {
  const { link, seqs } = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
  FakeSocket.last.tells(902, 901);
  await tick(2_900);
  expect(seqs()).toEqual([]);

  await tick(200);
  FakeSocket.last.isCut();
  await tick(1_000);

  expect(seqs()).toEqual([901, 902]);
  expect(FakeSocket.last.hello?.after).toBe(100);
  link.stop();
});

test('what was shown out of turn is not shown again when the gap is closed', async () => {
  const { link, seqs } = await begun();
  FakeSocket.last.opens();
  FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
  FakeSocket.last.tells(901, 902);
  await tick(3_100);

  link.begin(900);
  FakeSocket.last.isCut();
  await tick(1_000);
  FakeSocket.last.opens();
  FakeSocket.last.tells(901, 902, 903);
  await tick(60);

  expect(seqs()).toEqual([901, 902, 903]);
  link.stop();
});

test('a poll that is answered 410 says so too', async () => {
  const it = await begun();
  it.http.page = () => problem(410, 'resync_required');

  FakeSocket.last.fails();
  await tick();

  expect(it.told.gaps).toBe(1);
  it.link.stop();
});

test('a stream that cannot go on says so too', async () => {
  const it = await begun();
  const events = stream();
  it.http.stream = () => events.response;
  FakeSocket.last.fails();
  await tick();

  events.says('event: resync_required\ndata: {}\n\n');
  await tick();

  expect(it.told.gaps).toBe(1);
  it.link.stop();
});
