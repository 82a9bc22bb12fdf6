// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Conversation, Inbox } from '../../../inbox-client';
import { nothingYet } from '../../../inbox-client/store/state';
import { conversation } from '../../../inbox-client/testing/samples';
import { toasts } from '../../ui/toasts';
import { Header } from './Header';

beforeEach(() => {
  // There are no popovers here.
  HTMLElement.prototype.hidePopover = () => {};
});

afterEach(() => {
  cleanup();
  toasts.set([]);
});

/** Does something in the head of a conversation that was so, and undoes it. Returns what was asked for then. */
async function undone(was: Partial<Conversation>, act: () => HTMLElement): Promise<unknown[]> {
  const asked: unknown[][] = [];
  const inbox = {
    api: { GET: async () => ({ data: { agents: [] }, response: new Response() }) },
    getSnapshot: () => nothingYet,
    subscribe: () => () => {},
    status: async (...what: unknown[]) => void asked.push(['status', ...what]),
    snooze: async (...what: unknown[]) => void asked.push(['snooze', ...what]),
  } as unknown as Inbox;
  const around = { typist: undefined, isPanelOpen: false, onPanel: () => {}, onFind: () => {} };
  render(
    <InboxContext value={inbox}>
      <Header conversation={conversation('c', was)} {...around} />
    </InboxContext>,
  );
  fireEvent.click(act());
  await vi.waitFor(() => expect(toasts.get()).toHaveLength(1));

  toasts.get()[0]?.undo?.();
  return asked[1] ?? [];
}

const [later, over] = ['2125-07-19T12:00:00.000Z', '2025-07-19T12:00:00.000Z'];

test.each<[string, Partial<Conversation>, unknown[]]>([
  ['open', { status: 'OPEN' }, ['status', 'c', 'OPEN']],
  ['pending', { status: 'PENDING' }, ['status', 'c', 'PENDING']],
  ['snoozed', { status: 'SNOOZED', snoozedUntil: later }, ['snooze', 'c', new Date(later)]],
  ['snoozed until now', { status: 'SNOOZED', snoozedUntil: over }, ['status', 'c', 'OPEN']],
])('what was %s is so again once its being resolved is undone', async (_, was, asked) => {
  expect(await undone(was, () => screen.getByLabelText('Resolver'))).toEqual(asked);
});

test('what was resolved is so again once its being reopened is undone', async () => {
  const asked = await undone({ status: 'RESOLVED' }, () => screen.getByLabelText('Reabrir'));

  expect(asked).toEqual(['status', 'c', 'RESOLVED']);
});

test('what was pending is so again once its being snoozed is undone', async () => {
  const asked = await undone({ status: 'PENDING' }, () => screen.getByText('Por uma hora'));

  expect(asked).toEqual(['status', 'c', 'PENDING']);
});
