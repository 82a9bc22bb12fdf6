// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Entry } from '../../../inbox-client';
import { message } from '../../../inbox-client/testing/samples';
import { type Acts, ActsOfThread } from './acts';
import { Failure } from './Failure';

afterEach(cleanup);

/** What stands below a message that was not sent. */
function below(failed: Partial<Entry>): string | undefined {
  const entry = { ...message('m', { direction: 'OUTBOUND', status: 'FAILED' }), ...failed };
  render(
    <ActsOfThread value={{} as Acts}>
      <Failure entry={entry} isOnline />
    </ActsOfThread>,
  );
  return screen.getByRole('alert').querySelector('span')?.textContent ?? undefined;
}

test('what the server refuses says why in the language of the page', () => {
  const reason = { code: 'media_gone', detail: 'the file 7 cannot be had' };
  const outgoing = {
    clientId: 'k',
    conversationId: 'c',
    post: { content: 'Oi', isPrivate: false },
    createdAt: '2025-07-19T11:00:00.000Z',
    state: 'failed' as const,
    reason,
  };

  expect(below({ outgoing })).toBe('Não enviada. O arquivo não existe mais.');
});

test('so does what the server could not hand to the channel', () => {
  const error = { code: 'unreachable', message: 'WhatsApp cannot be reached' };

  expect(below({ error })).toBe('Não enviada. O canal não respondeu.');
});

test('what WhatsApp refuses says so in its words', () => {
  const error = { code: 131_026, title: 'Message undeliverable' };

  expect(below({ error })).toBe('Não enviada. Message undeliverable');
});
