import { expect, test } from 'vitest';
import { message } from '../testing/samples';
import type { Message } from '../types';
import { Messages } from './thread';

test('a page of history costs the same work, however many messages are held', () => {
  const few = pages(20);
  const many = pages(1_000);

  const [afterFew, afterMany] = [readsOfAPage(few), readsOfAPage(many)];

  expect(many.messages.show().messages).toHaveLength(50_050);
  expect(afterMany).toBe(afterFew);
});

test('a page that overlaps what is held adds what is missing, in its place, once', () => {
  const messages = new Messages();
  messages.addPage({ messages: [at(10), at(12)], hasMore: true }, 1);

  messages.addPage({ messages: [at(9), at(8), at(10), at(11), at(9)], hasMore: false }, 1);

  const { messages: shown, history } = messages.show();
  expect(shown.map(({ id }) => id)).toEqual(['m08', 'm09', 'm10', 'm11', 'm12']);
  expect(history).toBe('complete');
});

/** A thread of which so many pages have been read, and how often these messages have been looked at. */
function pages(count: number) {
  const messages = new Messages();
  const reads = { count: 0 };
  for (let page = count; page > 0; page -= 1) {
    const older = Array.from({ length: 50 }, (_, n) => watched(at(page * 50 + n), reads));
    messages.addPage({ messages: older, hasMore: true }, 1);
    messages.show();
  }
  return { messages, reads };
}

/** How often messages that were held are looked at while one more page is added. */
function readsOfAPage({ messages, reads }: ReturnType<typeof pages>): number {
  reads.count = 0;
  const older = Array.from({ length: 50 }, (_, n) => at(n));
  messages.addPage({ messages: older, hasMore: true }, 1);
  messages.show();
  return reads.count;
}

function at(minute: number): Message {
  const timestamp = new Date(1e12 + minute * 60_000).toISOString();
  return message(`m${String(minute).padStart(2, '0')}`, { timestamp });
}

function watched(message: Message, reads: { count: number }): Message {
  return new Proxy(message, {
    get: (target, key) => {
      reads.count += 1;
      return target[key as keyof Message];
    },
  });
}
