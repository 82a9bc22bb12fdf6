// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Entry } from '../../../inbox-client';
import { FakeSocket } from '../../../inbox-client/testing/fakes';
import { inboxOf } from '../../../inbox-client/testing/inboxes';
import { boardOf, conversation, message } from '../../../inbox-client/testing/samples';
import { Messages } from './Messages';
import { type Reading, useReading } from './passage';

afterEach(cleanup);

/** Of these the newest fifty are held. */
const all = Array.from({ length: 300 }, (_, n) =>
  message(`m${n}`, { timestamp: new Date(1.7e12 + n * 60_000).toISOString() }),
);
const live = all.slice(250);

/** A thread on a page, whose server is the test. The view is near both edges of what is there. */
async function desk() {
  const it = {
    asked: 0,
    /** How many pages the server answers yet. */
    left: Number.POSITIVE_INFINITY,
    mayAnswer: Promise.resolve(),
  };
  const fetch = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/api/board') return Response.json(boardOf(10, { new: [conversation('c')] }));
    if (pathname === '/api/me')
      return Response.json({ user: { id: 'ada' }, tenant: { id: 'acme' } });
    if (!pathname.endsWith('/messages')) return new Response(null, { status: 404 });
    it.asked += 1;
    it.left -= 1;
    if (it.left < 0) return new Response(null, { status: 503 });
    const answer = Response.json(pageOf(searchParams));
    await it.mayAnswer;
    return answer;
  };
  const inbox = inboxOf(fetch);
  const seen = {} as { reading: Reading };
  function Thread() {
    const reading = useReading('c', live, 'complete', () => {});
    seen.reading = reading;
    return (
      <Messages
        {...{ ref: null, name: 'Ana', live, dividerId: null, now: 0, isOnline: true }}
        {...{ entries: reading.entries, stretch: reading.stretch, history: reading.history }}
        {...{ isDetached: reading.isDetached, hasNewerFailed: reading.hasNewerFailed }}
        {...{ onOlder: reading.older, onNewer: reading.newer, marks: undefined }}
        {...{ onLive: () => {}, onEnd: () => {} }}
      />
    );
  }
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 80)));
  inbox.start();
  render(
    <InboxContext value={inbox}>
      <Thread />
    </InboxContext>,
  );
  Object.defineProperty(screen.getByRole('log'), 'scrollTop', { get: () => 0, set: () => {} });
  await settle();
  await act(async () => FakeSocket.last.opens());
  return {
    it,
    inbox,
    settle,
    ids: () => seen.reading.entries.map(({ id }) => id),
    shown: (id: string) => seen.reading.entries.find((each) => each.id === id),
    visit: (id: string) => act(() => seen.reading.visit(id)),
    begins: (id: string) => {
      let visited = Promise.resolve(false);
      act(() => {
        visited = seen.reading.visit(id);
      });
      return visited;
    },
    tells: async (seq: number, changed: Entry) => {
      const payload = { seq, conversationId: 'c', message: changed };
      FakeSocket.last.hear('message:updated', payload);
      await settle();
    },
  };
}

function pageOf(place: URLSearchParams) {
  const at = (id: string | null) => all.findIndex((each) => each.id === id);
  const [before, from] = [at(place.get('before')), at(place.get('from'))];
  return before < 0
    ? { messages: all.slice(from, from + 50), hasMore: from + 50 < all.length }
    : { messages: all.slice(Math.max(0, before - 50), before), hasMore: before > 50 };
}

test('what cannot be fetched before and after a passage is asked for once, and again when somebody asks', async () => {
  const { it, inbox, settle, ids, visit } = await desk();
  it.left = 2;

  expect(await visit('m100')).toBe(true);
  await settle();

  expect(it.asked).toBe(4);
  expect(ids()).toEqual(all.slice(50, 150).map(({ id }) => id));
  const told = screen.getAllByRole('alert').map(({ textContent }) => textContent);
  expect(told).toEqual([
    'Não foi possível carregar as anteriores. Tentar de novo',
    'Não foi possível carregar as seguintes. Tentar de novo',
  ]);

  it.left = Number.POSITIVE_INFINITY;
  for (let edges = 2; edges > 0; edges -= 1) {
    const [again] = screen.getAllByRole('button', { name: 'Tentar de novo' });
    if (again) fireEvent.click(again);
    await settle();
    expect(screen.queryAllByRole('alert')).toHaveLength(edges - 1);
  }
  expect(ids()).toEqual(all.map(({ id }) => id));
  inbox.stop();
});

test('a passage shows what is told of its messages, also while it is being fetched', async () => {
  const { it, inbox, settle, shown, begins, tells } = await desk();
  const [liked, deleted] = [all[100], all[90]] as [Entry, Entry];
  let answer = () => {};
  it.mayAnswer = new Promise((go) => {
    answer = go;
  });
  const reactions = [{ emoji: '👍', from: 'us' }];

  const visited = begins('m100');
  await settle();
  await tells(11, { ...liked, metadata: { ...liked.metadata, reactions } });
  answer();
  await settle();
  expect(await visited).toBe(true);
  expect(shown('m100')?.metadata.reactions).toEqual(reactions);

  const deletedAt = '2025-07-19T12:00:00.000Z';
  await tells(12, { ...deleted, metadata: { ...deleted.metadata, deletedAt } });

  expect(shown('m90')?.metadata.deletedAt).toBe(deletedAt);
  expect(shown('m100')?.metadata.reactions).toEqual(reactions);
  inbox.stop();
});

test('a jump waits for one that is under way, and the last one stays', async () => {
  const { inbox, settle, ids, begins } = await desk();

  const both = [begins('m200'), begins('m40')];
  await settle();

  expect(await Promise.all(both)).toEqual([true, true]);
  expect(ids()).toContain('m40');
  inbox.stop();
});
