import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Outbox } from './outbox';
import { ApiError } from './problem';
import { memoryStorage, type Storage } from './storage';
import { message } from './testing/samples';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A tab with an outbox, and a server that answers as the test says. */
function tab(storage: Storage = memoryStorage()) {
  const sent: string[] = [];
  const kept: boolean[] = [];
  const server = {
    online: true,
    /** What the server does with a message: nothing, for taking it. */
    fate: async (_: string): Promise<void> => {},
  };
  const outbox = new Outbox({
    owner: 'acme.ada',
    storage,
    isOnline: () => server.online,
    post: async ({ post, clientId }) => {
      sent.push(`${post.content} ${clientId}`);
      await server.fate(post.content ?? '');
      return message(clientId);
    },
    onChange: () => {},
    onTaken: () => {},
    onKept: (isKept) => kept.push(isKept),
  });
  outbox.start();
  const items = () => outbox.items().map(({ post, state }) => [post.content, state]);
  return Object.assign(server, { storage, sent, kept, outbox, items });
}

const text = (content: string) => ({ content, isPrivate: false });

test('messages go one after the other, in the order in which they were written', async () => {
  const ada = tab();
  ada.fate = () => new Promise((resolve) => setTimeout(resolve, 100));
  for (const content of ['1', '2', '3']) {
    ada.outbox.add('c', text(content));
    await tick(1);
  }
  expect(ada.sent).toHaveLength(1);

  await tick(300);

  expect(ada.sent.map((each) => each[0])).toEqual(['1', '2', '3']);
  expect(ada.items()).toEqual([]);
  ada.outbox.stop();
});

test('also those that are written at the same moment, as several files are', async () => {
  const ada = tab();
  const written = ['1', '2', '3', '4', '5', '6', '7'];

  for (const content of written) ada.outbox.add('c', text(content));
  expect(ada.items().map(([content]) => content)).toEqual(written);
  await tick(100);

  expect(ada.sent.map((each) => each[0])).toEqual(written);
  ada.outbox.stop();
});

test('without a network a message waits, also over a reload, and goes once under the same key', async () => {
  const before = tab();
  before.online = false;
  const key = before.outbox.add('c', text('Oi'));
  await tick(60_000);
  expect(before.sent).toEqual([]);
  before.outbox.stop();

  const after = tab(before.storage);
  await tick();

  expect(after.sent).toEqual([`Oi ${key}`]);
  expect(after.items()).toEqual([]);
  after.outbox.stop();
});

test('a message whose answer was lost is sent again under the same key', async () => {
  const ada = tab();
  let tries = 0;
  ada.fate = async () => {
    tries += 1;
    if (tries === 1) throw new TypeError('the network is gone');
  };
  const key = ada.outbox.add('c', text('Oi'));
  await tick(999);
  expect(ada.sent).toHaveLength(1);

  await tick(1);

  expect(ada.sent).toEqual([`Oi ${key}`, `Oi ${key}`]);
  ada.outbox.stop();
});

test('a message that is refused has failed, says why, and does not hold up the next', async () => {
  const ada = tab();
  ada.fate = async (content) => {
    if (content === 'late') throw new ApiError(409, 'window_closed', 'only templates');
  };
  const key = ada.outbox.add('c', text('late'));
  await tick(1);
  ada.outbox.add('c', text('next'));
  await tick();

  expect(ada.items()).toEqual([['late', 'failed']]);
  expect(ada.outbox.items()[0]?.reason).toEqual({
    code: 'window_closed',
    detail: 'only templates',
  });
  ada.fate = async () => {};
  ada.outbox.retry(key);
  await tick();
  expect(ada.sent.filter((each) => each === `late ${key}`)).toHaveLength(2);
  expect(ada.items()).toEqual([]);
  ada.outbox.stop();
});

test('a message has failed when the server was in trouble three times', async () => {
  const ada = tab();
  ada.fate = async () => {
    throw new ApiError(503, 'storage_unavailable');
  };
  ada.outbox.add('c', text('Oi'));
  await tick(60_000);

  expect(ada.sent).toHaveLength(3);
  expect(ada.items()).toEqual([['Oi', 'failed']]);
  ada.outbox.stop();
});

test('a server that is busy says when to come back, and the message waits until then', async () => {
  const ada = tab();
  let tries = 0;
  ada.fate = async () => {
    tries += 1;
    if (tries < 6) throw new ApiError(429, 'rate_limited', 'later', 7_000);
  };
  ada.outbox.add('c', text('Oi'));
  await tick(34_999);
  expect(ada.sent).toHaveLength(5);

  await tick(1);

  expect(ada.items()).toEqual([]);
  ada.outbox.stop();
});

/** What browsers have: whoever asks for a lock waits for those before. */
function oneAtATime(): void {
  let last: Promise<unknown> = Promise.resolve();
  const request = (_: string, work: () => Promise<unknown>) => {
    last = last.then(work, work);
    return last;
  };
  vi.stubGlobal('navigator', { locks: { request } });
}

test('two tabs never send the same message twice', async () => {
  oneAtATime();
  const storage = memoryStorage();
  const [ada, again] = [tab(storage), tab(storage)];
  for (const each of [ada, again]) {
    each.fate = () => new Promise((resolve) => setTimeout(resolve, 100));
  }

  ada.outbox.add('c', text('1'));
  again.outbox.add('c', text('2'));
  ada.outbox.wake();
  again.outbox.wake();
  await tick(1_000);

  expect([...ada.sent, ...again.sent].map((each) => each[0]).sort()).toEqual(['1', '2']);
  ada.outbox.stop();
  again.outbox.stop();
});

test('what a tab has no time to send goes from another one, once', async () => {
  oneAtATime();
  const hearers: ((change: { key: string; newValue: string | null }) => void)[] = [];
  vi.stubGlobal('addEventListener', (_: string, hear: (typeof hearers)[number]) => {
    hearers.push(hear);
  });
  const storage = memoryStorage();
  const [closed, open] = [tab(storage), tab(storage)];
  await tick();
  let close = () => {};
  closed.fate = () =>
    new Promise((_, reject) => {
      close = () => reject(new DOMException('', 'AbortError'));
    });

  const key = closed.outbox.add('c', text('Oi'));
  hearers[1]?.({ key: `recado.outbox.acme.ada.${key}`, newValue: '{}' });
  await tick();
  expect(open.sent).toEqual([]);
  closed.outbox.stop();
  close();
  await tick();

  expect(open.sent).toEqual([`Oi ${key}`]);
  expect(open.items()).toEqual([]);
  open.outbox.stop();
});

test('a frame that the browser denies locks sends all the same', async () => {
  const request = () => Promise.reject(new DOMException('The request was denied.'));
  vi.stubGlobal('navigator', { locks: { request } });
  const ada = tab();

  ada.outbox.add('c', text('Oi'));
  await tick();

  expect(ada.sent).toHaveLength(1);
  expect(ada.items()).toEqual([]);
  ada.outbox.stop();
});

test('what the device has no room for is told of, waits, and goes once all the same', async () => {
  const full = Object.assign(memoryStorage(), {
    setItem: () => {
      throw new DOMException('', 'QuotaExceededError');
    },
  });
  const ada = tab(full);
  ada.online = false;
  const key = ada.outbox.add('c', text('Oi'));
  await tick();
  expect(ada.items()).toEqual([['Oi', 'waiting']]);
  expect(ada.kept).toEqual([false]);

  ada.online = true;
  ada.outbox.wake();
  await tick();

  expect(ada.sent).toEqual([`Oi ${key}`]);
  expect(ada.items()).toEqual([]);
  ada.outbox.stop();
});

test('what the device has no room for and the server refuses has failed, and can be let go of', async () => {
  const ada = tab();
  ada.online = false;
  const key = ada.outbox.add('c', text('late'));
  ada.storage.setItem = () => {
    throw new DOMException('', 'QuotaExceededError');
  };
  ada.fate = async () => {
    throw new ApiError(409, 'window_closed', 'only templates');
  };
  ada.online = true;
  ada.outbox.wake();
  await tick();
  expect(ada.items()).toEqual([['late', 'failed']]);

  ada.outbox.discard(key);

  expect(ada.items()).toEqual([]);
  expect(ada.sent).toHaveLength(1);
  ada.outbox.stop();
});

test('what is stopped leaves no timer, and what is in flight is kept', async () => {
  const ada = tab();
  ada.fate = () => Promise.reject(new TypeError('the network is gone'));
  ada.outbox.add('c', text('Oi'));
  await tick(10);

  ada.outbox.stop();
  await tick();

  expect(vi.getTimerCount()).toBe(0);
  expect(ada.items()).toEqual([['Oi', 'waiting']]);
});
