import { expect, test } from 'vitest';
import type { Conversation } from '../../../inbox-client';
import { inOrder } from './held-order';

const listed = (ids: string) => [...ids].map((id) => ({ id }) as Conversation);
const idsOf = (list: readonly Conversation[]) => list.map(({ id }) => id).join('');

test('nothing holds a list that nobody points at', () => {
  expect(inOrder(listed('cab'), null)).toEqual({ shown: listed('cab'), moved: 0 });
});

test('a conversation that has moved up stays where it was', () => {
  const { shown, moved } = inOrder(listed('dabc'), [...'abcd']);

  expect(idsOf(shown)).toBe('abcd');
  expect(moved).toBe(1);
});

test('what is new comes last, and what is gone makes no gap', () => {
  const { shown, moved } = inOrder(listed('xdac'), [...'abcd']);

  expect(idsOf(shown)).toBe('acdx');
  expect(moved).toBe(2);
});
