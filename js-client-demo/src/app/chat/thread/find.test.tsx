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

const found = { messages: ['newer', 'older'].map((id) => ({ message: { id } })) };
const answered = { data: found, response: Response.json(found) };

/** A search that the server answers so, as a thread draws it. */
function search(GET: () => Promise<object>) {
  const inbox = { api: { GET } } as unknown as Inbox;
  const shown: string[] = [];
  // A thread gives another `onShow` with every message.
  const find = () => (
    <InboxContext value={inbox}>
      <Find
        {...{ conversationId: 'c', words: 'agulha', onWords: () => {}, onClose: () => {} }}
        onShow={(id) => shown.push(id)}
      />
    </InboxContext>
  );
  const page = render(find());
  return {
    shown,
    hears: () => page.rerender(find()),
    rests: () => act(() => vi.advanceTimersByTimeAsync(1_000)),
    says: () => screen.getByRole('status').textContent,
  };
}

test('what is looked for is looked for once, and one stays where one has gone, whatever comes', async () => {
  const GET = vi.fn(async () => answered);
  const { shown, hears, rests, says } = search(GET);
  await rests();

  fireEvent.keyDown(screen.getByRole('searchbox'), { key: 'Enter' });
  hears();
  await rests();

  expect(shown).toEqual(['newer', 'older']);
  expect(says()).toBe('2 de 2');
  expect(GET).toHaveBeenCalledTimes(1);
});

test('a search that fails says so, and finds something once somebody tries again', async () => {
  let isAway = true;
  const { shown, rests, says } = search(async () => {
    if (isAway) throw new TypeError('no network');
    return answered;
  });
  await rests();
  expect(says()).toBe('A busca falhou');

  isAway = false;
  const again = screen.getByLabelText('Tentar de novo');
  again.focus();
  fireEvent.click(again);
  await rests();

  expect(says()).toBe('1 de 2');
  expect(shown).toEqual(['newer']);
  expect(document.activeElement).toBe(screen.getByRole('searchbox'));
});
