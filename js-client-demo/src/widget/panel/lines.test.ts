import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lines } from './lines';
import type { Line } from './types';

function line(id: string, minute: number, more: Partial<Line> = {}): Line {
  return {
    id,
    direction: 'OUTBOUND',
    type: 'TEXT',
    content: id,
    metadata: {},
    status: 'SENT',
    timestamp: new Date(minute * 60_000).toISOString(),
    author: null,
    ...more,
  };
}

it('shows each line once and in order, however often and in whatever order they come', () => {
  const told = [line('a', 1), line('b', 2), line('c', 2), line('d', 3)];
  fc.assert(
    fc.property(fc.shuffledSubarray([...told, ...told], { minLength: 8, maxLength: 8 }), (some) => {
      const lines = new Lines();
      for (const each of some) lines.put(each);
      expect(lines.all().map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    }),
  );
});

it('never takes a status back', () => {
  const lines = new Lines();
  lines.put(line('a', 1));
  lines.moved('a', 'READ');
  lines.moved('a', 'DELIVERED');
  lines.put(line('a', 1, { content: 'edited', status: 'SENT' }));
  expect(lines.all()[0]).toMatchObject({ content: 'edited', status: 'READ' });
});

it('knows which of its own messages have been taken', () => {
  const lines = new Lines();
  expect(lines.has('x')).toBe(false);
  lines.put(line('a', 1, { metadata: { clientId: 'x' } }));
  expect(lines.has('x')).toBe(true);
});
