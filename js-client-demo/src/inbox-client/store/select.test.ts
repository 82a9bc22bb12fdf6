import { expect, test } from 'vitest';
import { conversation } from '../testing/samples';
import { messagesOf } from './select';
import { nothingYet, type Outgoing } from './state';

test.each([
  ['waiting', 'wanted'],
  ['failed', 'stored'],
] as const)('a file that is being sent (%s) is not said to have been lost', (state, known) => {
  const item: Outgoing = {
    clientId: 'k1',
    conversationId: 'c',
    post: {
      content: '',
      type: 'DOCUMENT',
      mediaId: 'm',
      filename: 'contrato.pdf',
    } as Outgoing['post'],
    createdAt: '2025-07-19T11:00:00.000Z',
    state,
  };
  const conversations = new Map([['c', conversation('c')]]);

  const shown = messagesOf({ ...nothingYet, conversations, outbox: [item] }, 'c');

  expect(shown.map(({ metadata }) => metadata)).toEqual([
    { clientId: 'k1', media: { id: 'm', state: known, filename: 'contrato.pdf' } },
  ]);
});
