import { expect, test } from 'vitest';
import type { Conversation } from '../../inbox-client';
import { indexAt, isSamePlace, spotAt } from './spot';

const cards = ['a', 'b', 'c'].map((id) => ({ id }) as Conversation);
const drawn = [0, 1, 2].map((index) => ({ index, start: index * 100, size: 90 }));

test('a card goes before the first card whose middle is below it', () => {
  expect(indexAt(-20, drawn)).toBe(0);
  expect(indexAt(60, drawn)).toBe(1);
  expect(indexAt(900, drawn)).toBe(3);
  expect(indexAt(50, [])).toBe(0);
});

test('its place is told by a neighbour that stays, never by itself', () => {
  expect(spotAt(0, cards, 'x')).toEqual({ before: 'a' });
  expect(spotAt(2, cards, 'x')).toEqual({ after: 'b' });
  expect(spotAt(1, cards, 'a')).toEqual({ before: 'b' });
  expect(spotAt(0, [], 'x')).toEqual({});
});

test('a card that is put on either side of itself stays', () => {
  expect(isSamePlace(1, cards, 'b')).toBe(true);
  expect(isSamePlace(2, cards, 'b')).toBe(true);
  expect(isSamePlace(0, cards, 'b')).toBe(false);
  expect(isSamePlace(0, cards, 'x')).toBe(false);
});
