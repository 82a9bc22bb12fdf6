// @vitest-environment happy-dom
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { ChatFilter, Inbox } from '../../../inbox-client';
import { nothingYet } from '../../../inbox-client/store/state';
import type { Narrowing } from './narrowing';
import { usePages } from './pages';

afterEach(cleanup);

/** A list of a status; the server has two pages of what is pending, and one of all else. */
async function list(status: Narrowing['status'], { isAway = false } = {}) {
  const it = { asked: [] as string[], isAway };
  const inbox = {
    getSnapshot: () => nothingYet,
    subscribe: () => () => {},
    loadChats: async ({ status: of }: ChatFilter, cursor = 'first') => {
      it.asked.push(`${of} ${cursor}`);
      if (of !== 'PENDING') return null;
      if (it.isAway) throw new TypeError('no network');
      return cursor === 'first' ? 'second' : null;
    },
  } as unknown as Inbox;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <InboxContext value={inbox}>{children}</InboxContext>
  );
  const filter = status === 'active' || status === 'any' ? {} : { status };
  const { result } = renderHook(() => usePages(filter, status), { wrapper });
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)));
  await settle();
  return Object.assign(it, {
    state: () => result.current.state,
    goesOn: async () => {
      act(() => result.current.loadMore());
      await settle();
    },
  });
}

test('of what is active all that is pending is fetched too, page by page', async () => {
  const it = await list('active');
  expect(it.asked).toEqual(['OPEN first', 'PENDING first']);
  expect(it.state()).toBe('more');

  await it.goesOn();

  expect(it.asked).toEqual(['OPEN first', 'PENDING first', 'PENDING second']);
  expect(it.state()).toBe('complete');
});

test('that a part of it could not be fetched is told, and that part is asked for again', async () => {
  const it = await list('active', { isAway: true });
  expect(it.state()).toBe('failed');

  it.isAway = false;
  await it.goesOn();

  expect(it.asked).toEqual(['OPEN first', 'PENDING first', 'PENDING first']);
  expect(it.state()).toBe('more');
});

test('any other list is asked for once', async () => {
  const resolved = await list('RESOLVED');
  const any = await list('any');

  expect([resolved.asked, resolved.state()]).toEqual([['RESOLVED first'], 'complete']);
  expect(any.asked).toEqual(['undefined first']);
});
