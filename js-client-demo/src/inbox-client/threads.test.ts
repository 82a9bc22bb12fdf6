import { expect, test, vi } from 'vitest';
import { openApi } from './rest';
import { Store } from './store/store';
import { FakeSession, problem } from './testing/fakes';
import { event, message } from './testing/samples';
import { Threads } from './threads';

/** Threads of which one has so many messages on the server, which answers when the test lets it. */
function desk(count: number) {
  const history = Array.from({ length: count }, (_, minute) =>
    message(`m${minute}`, { timestamp: new Date(1.7e12 + minute * 60_000).toISOString() }),
  );
  let held: Promise<void> | null = null;
  let isAway = false;
  const fetch = async ({ url }: Request) => {
    const before = new URL(url).searchParams.get('before');
    const to = before ? history.findIndex(({ id }) => id === before) : count;
    const from = Math.max(0, to - 50);
    await held;
    if (isAway) return problem(503);
    return Response.json({ messages: history.slice(from, to), hasMore: from > 0 });
  };
  const store = new Store();
  const threads = new Threads({
    api: openApi(new FakeSession(), {
      baseUrl: 'http://server',
      fetch: fetch as typeof globalThis.fetch,
    }),
    store,
    point: () => 10,
    join: () => () => {},
    keptMs: () => 300_000,
    onChange: () => {},
  });
  const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);
  return {
    threads,
    look: () => threads.look('c', () => null),
    /** Holds back what is asked for from now on, until the returned function is called. */
    holdsBack: () => {
      let comes = () => {};
      held = new Promise((resolve) => {
        comes = resolve;
      });
      return () => {
        held = null;
        comes();
      };
    },
    isAway: (is: boolean) => {
      isAway = is;
    },
    /** Tells that one of the messages has been edited. */
    edits: (minute: number) => {
      const edited = message(`m${minute}`, { ...history[minute], content: 'Oi!' });
      store.apply([event(11, 'message:updated', { conversationId: 'c', message: edited })]);
    },
    state: () => store.getSnapshot().threads.get('c')?.history,
    shown: () => ids(store.getSnapshot().threads.get('c')?.messages ?? []),
    newest: (number: number) => ids(history.slice(-number)),
  };
}

/** Somebody who has read so many older pages, and leaves and is back before one more comes. */
async function backBeforeItComes(pages: number) {
  const it = desk(250);
  const leave = it.look();
  await vi.waitFor(() => expect(it.shown()).toEqual(it.newest(50)));
  for (let read = 0; read < pages; read += 1) await it.threads.loadOlder('c');
  expect(it.shown()).toEqual(it.newest(50 + 50 * pages));

  const comes = it.holdsBack();
  const late = it.threads.loadOlder('c');
  leave();
  it.look();
  comes();
  await late;
  return it;
}

test('a page that comes once what it goes before has been let go of leaves no hole', async () => {
  const { threads, shown, newest } = await backBeforeItComes(2);

  expect(shown()).toEqual(newest(100));
  await threads.loadOlder('c');
  expect(shown()).toEqual(newest(150));
});

test('a page that comes after one has left is there when one comes back', async () => {
  const { shown, newest } = await backBeforeItComes(0);

  expect(shown()).toEqual(newest(100));
});

test('a message of long ago that is edited while the newest are on their way leaves no hole', async () => {
  const it = desk(250);
  const comes = it.holdsBack();
  it.look();

  it.edits(3);
  comes();
  await vi.waitFor(() => expect(it.shown()).toEqual(it.newest(50)));

  await it.threads.loadOlder('c');
  expect(it.shown()).toEqual(it.newest(100));
});

test('nor does one that is edited when the newest could not be had', async () => {
  const it = desk(250);
  it.isAway(true);
  it.look();
  await vi.waitFor(() => expect(it.state()).toBe('failed'));

  it.edits(3);
  it.isAway(false);
  await it.threads.loadOlder('c');

  expect(it.shown()).toEqual(it.newest(50));
});
