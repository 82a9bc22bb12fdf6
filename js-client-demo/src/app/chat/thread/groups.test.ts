import { expect, test } from 'vitest';
import type { Entry } from '../../../inbox-client';
import { arrivedAfter, firstUnread, placeOf } from './groups';

const ana = { id: 'ana', phoneNumber: '5511999990000', name: 'Ana' };

function said(id: string, at: string, more: Partial<Entry> = {}): Entry {
  const timestamp = `2026-11-25T${at}:00.000Z`;
  return {
    ...{ id, timestamp, type: 'TEXT', content: id, status: 'DELIVERED', direction: 'INBOUND' },
    ...{ metadata: {}, contact: ana, whatsappMessageId: null, ...more },
  } as Entry;
}

const out = { direction: 'OUTBOUND' } as const;

test('messages of one side within five minutes belong together', () => {
  const entries = [
    said('a', '12:00'),
    said('b', '12:04'),
    said('c', '12:10'),
    said('d', '12:11', out),
  ];

  const places = entries.map((_, index) => placeOf(entries, index, null));

  expect(places.map(({ isFirst }) => isFirst)).toEqual([true, false, true, true]);
  expect(places.map(({ isLast }) => isLast)).toEqual([false, true, true, true]);
});

test('a day begins with its first message, and a note stands for itself', () => {
  const nextDay = { ...said('c', '12:02'), timestamp: '2026-11-27T12:02:00.000Z' };
  const entries = [
    said('a', '12:00', out),
    said('b', '12:01', { ...out, isPrivate: true }),
    nextDay,
  ];

  const places = entries.map((_, index) => placeOf(entries, index, null));

  expect(places.map(({ isNewDay }) => isNewDay)).toEqual([true, false, true]);
  expect(places.map(({ isFirst }) => isFirst)).toEqual([true, true, true]);
});

test('the unread ones begin a group of their own', () => {
  const entries = [said('a', '12:00'), said('b', '12:01')];

  expect(placeOf(entries, 0, 'b').isLast).toBe(true);
  expect(placeOf(entries, 1, 'b').isFirst).toBe(true);
});

test('of what was unread, only what the customer wrote is counted', () => {
  const entries = [
    said('a', '12:00'),
    said('b', '12:01', out),
    said('c', '12:02'),
    said('d', '12:03'),
  ];

  expect(firstUnread(entries, 2)).toBe('c');
  expect(firstUnread(entries, 3)).toBe('a');
  expect(firstUnread(entries, 9)).toBe('a');
  expect(firstUnread(entries, 0)).toBe(null);
});

test('what has arrived is counted from the last message that was seen, whatever its name by now', () => {
  const own = said('b', '12:01', { ...out, metadata: { clientId: 'own' } });
  const entries = [
    said('a', '12:00'),
    own,
    said('c', '12:02'),
    said('d', '12:03', out),
    said('e', '12:04'),
  ];

  expect(arrivedAfter(entries, 'own')).toBe(2);
  expect(arrivedAfter(entries, 'e')).toBe(0);
});
