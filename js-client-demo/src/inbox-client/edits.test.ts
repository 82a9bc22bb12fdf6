import { expect, test, vi } from 'vitest';
import { Edits } from './edits';
import { openApi } from './rest';
import { Store } from './store/store';
import { FakeSession, problem } from './testing/fakes';
import { conversation, event, message } from './testing/samples';

const done = () => new Response(null, { status: 204 });

/** Somebody who looks at a conversation: what is unread in it is marked as read at once. */
function desk() {
  const it = { reads: 0, point: 10, answer: async () => done() };
  const fetch = async () => {
    it.reads += 1;
    return it.answer();
  };
  const store = new Store();
  const api = openApi(new FakeSession(), {
    baseUrl: 'http://server',
    fetch: fetch as typeof globalThis.fetch,
  });
  const edits = new Edits(api, store, () => it.point);
  store.conversations([conversation('c', { unreadCount: 1, lastMessage: message('first') })], 10);
  const see = () => edits.markRead('c').catch(() => {});
  store.subscribe(() => void see());
  return Object.assign(it, {
    see,
    /** The customer writes once more. */
    comes: () => {
      it.point = 11;
      const news = { lastMessage: message('second'), updates: { unreadCount: 2 } };
      store.apply([event(11, 'conversation:updated', { conversationId: 'c', ...news })]);
    },
    unread: () => store.getSnapshot().conversations.get('c')?.unreadCount,
  });
}

test('what comes while a conversation is being marked as read is marked as read too', async () => {
  const it = desk();
  let answers = () => {};
  it.answer = () =>
    new Promise((resolve) => {
      answers = () => resolve(done());
    });
  void it.see();
  await vi.waitFor(() => expect(it.reads).toBe(1));

  it.comes();
  it.answer = async () => done();
  answers();

  await vi.waitFor(() => expect([it.reads, it.unread()]).toEqual([2, 0]));
});

test('what the server does not mark as read is left until something else comes', async () => {
  const it = desk();
  it.answer = async () => problem(503);

  await it.see();
  expect([it.reads, it.unread()]).toEqual([1, 1]);
  it.answer = async () => done();
  it.comes();

  await vi.waitFor(() => expect([it.reads, it.unread()]).toEqual([2, 0]));
});
