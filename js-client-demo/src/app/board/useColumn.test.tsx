// @vitest-environment happy-dom
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../hooks';
import type { ChatFilter, Inbox } from '../../inbox-client';
import { useColumn } from './useColumn';

afterEach(cleanup);

/** A column of a board that shows an agent's cards, or nobody's; pages come as the test says. */
function column() {
  let state = { afresh: 0 };
  let changed = () => {};
  const asked: { filter: ChatFilter; answer: (cursor: string | null) => void }[] = [];
  const inbox = {
    getSnapshot: () => state,
    subscribe: (listener: () => void) => {
      changed = listener;
      return () => {};
    },
    loadChats: (filter: ChatFilter) =>
      new Promise<string | null>((answer) => asked.push({ filter, answer })),
  } as unknown as Inbox;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <InboxContext value={inbox}>{children}</InboxContext>
  );
  const { result, rerender } = renderHook(
    ({ assigneeId }) => useColumn('new', { assigneeId }, { isNarrowed: true, isWhole: false }),
    { wrapper, initialProps: { assigneeId: 'ada' as string | null } },
  );
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)));
  return {
    settle,
    reach: () => result.current.reach,
    asked: () => asked.map(({ filter }) => filter.assigneeId),
    wants: async (assigneeId: string | null) => {
      rerender({ assigneeId });
      await settle();
    },
    answers: async (request: number, cursor: string | null) => {
      asked[request]?.answer(cursor);
      await settle();
    },
    isReadAfresh: async () => {
      state = { afresh: state.afresh + 1 };
      act(changed);
      await settle();
    },
  };
}

test('a filter that is chosen while the cards of another are on their way, gets its own', async () => {
  const it = column();
  await it.settle();

  await it.wants(null);
  expect(it.asked()).toEqual(['ada', null]);
  await it.answers(1, null);
  await it.answers(0, 'its next page');

  expect(it.reach()).toBe('complete');
  expect(it.asked()).toHaveLength(2);
});

test('when all is read afresh, the cards that are not on the board are fetched again', async () => {
  const it = column();
  await it.settle();
  await it.answers(0, null);
  expect(it.reach()).toBe('complete');

  await it.isReadAfresh();

  expect(it.asked()).toEqual(['ada', 'ada']);
  expect(it.reach()).toBe('loading');
});
