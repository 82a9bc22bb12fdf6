// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Inbox, State } from '../../../inbox-client';
import { nothingYet } from '../../../inbox-client/store/state';
import { conversation, message } from '../../../inbox-client/testing/samples';
import { toasts } from '../../ui/toasts';
import { SharedFiles } from './SharedFiles';

afterEach(() => {
  cleanup();
  toasts.set([]);
});

test('that a file could not be fetched is said', async () => {
  const media = { id: 'lost-shared', state: 'stored', filename: 'contrato.pdf' } as const;
  const messages = [message('m', { type: 'DOCUMENT', metadata: { media } })];
  const threads = new Map([['c', { messages }]]) as unknown as State['threads'];
  const state = { ...nothingYet, threads };
  const inbox = {
    api: { GET: () => Promise.reject(new TypeError('no network')) },
    getSnapshot: () => state,
    subscribe: () => () => {},
  } as unknown as Inbox;
  render(
    <InboxContext value={inbox}>
      <SharedFiles conversation={conversation('c')} />
    </InboxContext>,
  );

  fireEvent.click(screen.getByLabelText('Baixar contrato.pdf'));

  await vi.waitFor(() =>
    expect(toasts.get().map(({ words }) => words)).toEqual(['O arquivo não pôde ser trazido.']),
  );
});
