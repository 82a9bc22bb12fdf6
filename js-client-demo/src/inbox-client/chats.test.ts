import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Chats } from './chats';
import { openApi } from './rest';
import { Span } from './span';
import { Store } from './store/store';
import { FakeSession, problem, tick } from './testing/fakes';
import { conversation } from './testing/samples';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whoever hears of conversations, of which the server answers as the test says. */
function desk() {
  const it = { asked: [] as string[], answers: (id: string) => Response.json(conversation(id)) };
  const fetch = async ({ url }: Request) => {
    const id = url.split('/').at(-1) ?? '';
    it.asked.push(id);
    return it.answers(id);
  };
  const store = new Store();
  const api = openApi(new FakeSession(), {
    baseUrl: 'http://server',
    fetch: fetch as typeof globalThis.fetch,
  });
  const chats = new Chats(api, store, () => 10);
  return Object.assign(it, { chats, held: () => [...store.getSnapshot().conversations.keys()] });
}

test.each([
  ['the network is gone', () => Promise.reject(new TypeError('no network'))],
  ['the server is away', () => problem(503, 'unavailable')],
  ['too much is asked for', () => problem(429, 'rate_limited')],
])('one that is met while %s is held once it can be had', async (_, trouble) => {
  const it = desk();
  const { answers } = it;
  it.answers = (id) => (id === 'b' ? trouble() : answers(id)) as Response;
  const run = new Span();

  void it.chats.meet(['a', 'b'], run);
  await tick(1_000);
  expect(it.held()).toEqual(['a']);
  it.answers = answers;
  await tick(10_000);

  expect(it.held()).toEqual(['a', 'b']);
  expect(it.asked).toEqual(['a', 'b', 'b']);
  run.end();
});

test('one that is not there, or not to be seen, is asked for once', async () => {
  const it = desk();
  it.answers = () => problem(404, 'not_found');
  const run = new Span();

  void it.chats.meet(['a'], run);
  await tick(60_000);

  expect(it.asked).toEqual(['a']);
  run.end();
});

test('what was not had before a run ended, the next one gets', async () => {
  const it = desk();
  const { answers } = it;
  it.answers = () => problem(503);
  const [run, next] = [new Span(), new Span()];
  void it.chats.meet(['a'], run);
  await tick(1_000);

  run.end();
  it.answers = answers;
  await tick();
  void it.chats.meet([], next);
  await tick(1_000);

  expect(it.held()).toEqual(['a']);
  next.end();
  expect(vi.getTimerCount()).toBe(0);
});
