// @vitest-environment happy-dom
import { act, cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Entry, Inbox } from '../../../inbox-client';
import { message } from '../../../inbox-client/testing/samples';
import { Messages } from './Messages';
import { type Reading, useReading } from './passage';
import { most } from './stretch';

afterEach(cleanup);

/** So many messages, a minute apart, of a history that has as many again before them. */
function history(count: number): Entry[] {
  return Array.from({ length: count }, (_, n) => said(1e7 - count + n));
}

function said(minute: number): Entry {
  const timestamp = new Date(1.7e12 + minute * 60_000).toISOString();
  return message(`m${minute}`, { timestamp, content: 'Texto. '.repeat(minute % 9) });
}

/** One that nothing is asked of. */
const inbox = { listen: () => () => {} } as unknown as Inbox;

/** A thread on a page. */
function thread(begun: readonly Entry[]) {
  const seen = {} as { reading: Reading };
  function Thread({ live }: { live: readonly Entry[] }) {
    const reading = useReading('c', live, 'more', () => {});
    seen.reading = reading;
    return (
      <Messages
        {...{ ref: null, name: 'Ana', live, dividerId: null, history: 'more', now: 0 }}
        {...{ isOnline: true, marks: undefined, isDetached: reading.isDetached }}
        {...{ hasNewerFailed: reading.hasNewerFailed }}
        {...{ entries: reading.entries, stretch: reading.stretch }}
        {...{ onOlder: () => {}, onNewer: () => {}, onLive: () => {}, onEnd: () => {} }}
      />
    );
  }
  const show = (live: readonly Entry[]) => (
    <InboxContext value={inbox}>
      <Thread live={live} />
    </InboxContext>
  );
  const page = render(show(begun));
  return {
    shown: () => {
      const { entries, stretch } = seen.reading;
      return [entries[stretch.from]?.id, entries[stretch.to - 1]?.id];
    },
    hasOlder: () => seen.reading.history === 'more',
    isDetached: () => seen.reading.isDetached,
    get: (live: readonly Entry[]) => page.rerender(show(live)),
    older: () => act(async () => seen.reading.older()),
    newer: () => act(async () => seen.reading.newer()),
    visit: (id: string) => act(() => seen.reading.visit(id)),
    leave: () => act(async () => seen.reading.leave()),
  };
}

test('a page of history is laid out with the same work, however many messages have been read', async () => {
  const few = await readsOfAPage(history(1_000));
  const many = await readsOfAPage(history(50_000));

  // Where one of them stands is found by halves.
  expect(many).toBeLessThan(few + 200);
});

test('a thread shows its end, then what is older, then what is newer, down to its end', async () => {
  const all = history(1_000);
  const it = thread(all);
  expect(it.shown()).toEqual([all[600]?.id, all[999]?.id]);

  await it.older();
  expect(it.shown()).toEqual([all[500]?.id, all[899]?.id]);
  expect(it.isDetached()).toBe(true);
  for (let n = 0; n < 9; n += 1) await it.older();
  expect(it.shown()).toEqual([all[0]?.id, all[most - 1]?.id]);

  for (let n = 0; n < 6; n += 1) await it.newer();
  expect(it.shown()).toEqual([all[600]?.id, all[999]?.id]);
  expect(it.isDetached()).toBe(false);
});

test('what is read stays where it is, whatever comes before it and after it', async () => {
  const all = history(1_100);
  const it = thread(all.slice(50, 1_000));
  await it.older();
  const before = it.shown();

  it.get(all);

  expect(it.shown()).toEqual(before);
  expect(it.hasOlder()).toBe(true);
  await it.leave();
  expect(it.shown()).toEqual([all[700]?.id, all[1_099]?.id]);
});

test('a jump to any message that is held shows it among others', async () => {
  const all = history(1_000);
  const it = thread(all);

  expect(await it.visit(all[450]?.id ?? '')).toBe(true);
  expect(it.shown()).toEqual([all[250]?.id, all[649]?.id]);
  expect(await it.visit(all[10]?.id ?? '')).toBe(true);
  expect(it.shown()).toEqual([all[0]?.id, all[most - 1]?.id]);
  expect(await it.visit(all[950]?.id ?? '')).toBe(true);
  expect(it.shown()).toEqual([all[600]?.id, all[999]?.id]);
});

test('what the server has not taken yet stands at the end, whatever its time', async () => {
  const outgoing = { ...said(0), id: 'mine', outgoing: {} as NonNullable<Entry['outgoing']> };
  const all = [...history(1_000), outgoing];
  const it = thread(all);

  await it.older();
  expect(it.shown()).toEqual([all[501]?.id, all[900]?.id]);
  await it.newer();

  expect(it.shown()).toEqual([all[601]?.id, 'mine']);
});

/** How often a list of messages is looked into while a page comes before it, and is gone to. */
async function readsOfAPage(held: Entry[]): Promise<number> {
  let reads = 0;
  const watched = (all: Entry[]) =>
    new Proxy(all, {
      get: (target, key) => {
        reads += 1;
        return Reflect.get(target, key);
      },
    });
  const it = thread(watched(held));
  await it.older();
  reads = 0;

  it.get(watched([...Array.from({ length: 50 }, (_, n) => said(n)), ...held]));
  await it.older();

  return reads;
}
