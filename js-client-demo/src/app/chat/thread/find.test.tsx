// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Inbox } from '../../../inbox-client';
import { Find } from './Find';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test('what is looked for is looked for once, and one stays where one has gone, whatever comes', async () => {
  const found = { messages: ['newer', 'older'].map((id) => ({ message: { id } })) };
  const GET = vi.fn(async () => ({ data: found, response: Response.json(found) }));
  const inbox = { api: { GET } } as unknown as Inbox;
  const shown: string[] = [];
  // A thread gives another one with every message.
  const find = () => (
    <InboxContext value={inbox}>
      <Find
        {...{ conversationId: 'c', words: 'agulha', onWords: () => {}, onClose: () => {} }}
        onShow={(id) => shown.push(id)}
      />
    </InboxContext>
  );
  const page = render(find());
  await act(() => vi.advanceTimersByTimeAsync(1_000));

  fireEvent.keyDown(screen.getByRole('searchbox'), { key: 'Enter' });
  page.rerender(find());
  await act(() => vi.advanceTimersByTimeAsync(1_000));

  expect(shown).toEqual(['newer', 'older']);
  expect(screen.getByRole('status').textContent).toBe('2 de 2');
  expect(GET).toHaveBeenCalledTimes(1);
});
