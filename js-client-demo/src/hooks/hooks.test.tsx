// @vitest-environment happy-dom
import { act, cleanup, renderHook } from '@testing-library/react';
import { type ReactNode, StrictMode, useMemo } from 'react';
import { afterEach, expect, test } from 'vitest';
import { FakeSocket } from '../inbox-client/testing/fakes';
import { inboxOf } from '../inbox-client/testing/inboxes';
import { boardOf, conversation, message } from '../inbox-client/testing/samples';
import {
  InboxContext,
  useChats,
  useChatUpdates,
  useConnection,
  useLive,
  useRealtimeChat,
  useRealtimeUpdates,
} from '.';

afterEach(cleanup);

const chats = [
  conversation('old', { lastMessageAt: '2025-07-19T10:00:00.000Z' }),
  conversation('new', { lastMessageAt: '2025-07-19T11:00:00.000Z' }),
];

/** A page with an inbox whose server is the test. */
function desk() {
  const it = {
    sent: [] as string[],
    isRefusing: false,
    /** A page of a list. */
    page: async (_: URLSearchParams): Promise<object> => ({ seq: 10, conversations: chats }),
  };
  const fetch = async (request: Request) => {
    const { pathname: path, searchParams } = new URL(request.url);
    if (path === '/api/board') return Response.json(boardOf(10, { new: chats }));
    if (path === '/api/me') return Response.json({ user: { id: 'ada' }, tenant: { id: 'acme' } });
    if (path === '/api/conversations') return Response.json(await it.page(searchParams));
    if (request.method === 'POST' && path.endsWith('/messages')) {
      if (it.isRefusing)
        return Response.json({ code: 'window_closed', detail: 'too late' }, { status: 409 });
      it.sent.push((await request.json()).content);
      return Response.json(message('sent'), { status: 202 });
    }
    if (path.endsWith('/messages')) return Response.json({ messages: [], hasMore: false });
    return new Response(null, { status: 404 });
  };
  const inbox = inboxOf(fetch);
  const wrapper = ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <InboxContext value={inbox}>{children}</InboxContext>
    </StrictMode>
  );
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 80)));
  const opens = async () => {
    inbox.start();
    await settle();
    await act(async () => FakeSocket.last.opens());
  };
  const tells = async (seq: number, conversationId: string) => {
    FakeSocket.last.hear('message:new', { seq, conversationId, message: message(`m${seq}`) });
    await settle();
  };
  return { ...it, it, inbox, wrapper, settle, opens, tells };
}

test('useRealtimeUpdates calls back once for each message, also in StrictMode, and tells how it stands', async () => {
  const { inbox, wrapper, opens, tells } = desk();
  const got: string[] = [];
  const { result } = renderHook(
    () => useRealtimeUpdates({ onNewMessage: (chat, { id }) => got.push(`${chat} ${id}`) }),
    { wrapper },
  );
  await opens();
  await tells(11, 'new');

  expect(got).toEqual(['new m11']);
  expect(result.current).toMatchObject({
    isConnected: true,
    connectionStatus: 'connected',
    usePolling: false,
  });
  expect(result.current.lastUpdate).toBeInstanceOf(Date);
  inbox.stop();
});

test('useChatUpdates hears its own chat alone, by the callback of the last render, and opens it', async () => {
  const { inbox, wrapper, opens, tells } = desk();
  const got: string[] = [];
  const { rerender } = renderHook(
    ({ as }) => useChatUpdates('new', { onNewMessage: () => got.push(as) }),
    { wrapper, initialProps: { as: 'first' } },
  );
  await opens();
  await tells(11, 'old');
  rerender({ as: 'second' });
  await tells(12, 'new');

  expect(got).toEqual(['second']);
  expect(FakeSocket.last.emitted).toContainEqual(['conversation:join', 'new']);
  inbox.stop();
});

test('useRealtimeChat has the chats, the latest first, and sends in the selected one', async () => {
  const { it, inbox, wrapper, opens, settle } = desk();
  const { result } = renderHook(
    () => useRealtimeChat({ selectedChatId: 'new', isAppActive: true, pollingInterval: 3_000 }),
    { wrapper },
  );
  expect(result.current).toMatchObject({ isLoading: true, lastUpdated: null, error: null });
  await opens();
  expect(result.current.chats.map(({ id }) => id)).toEqual(['new', 'old']);
  expect(result.current.isLoading).toBe(false);

  await act(() => result.current.sendMessage('Oi'));
  expect(it.sent).toEqual(['Oi']);
  it.isRefusing = true;
  await act(() => expect(result.current.sendMessage('tarde')).rejects.toThrow('too late'));
  await act(() => result.current.refreshChats());
  await settle();

  expect(result.current.error).toBeNull();
  inbox.stop();
});

test('a component renders only when what it selects is another', async () => {
  const { inbox, wrapper, opens, tells } = desk();
  let renders = 0;
  renderHook(
    () => {
      renders += 1;
      return [useConnection().status, useLive((state) => [...state.conversations.keys()])];
    },
    { wrapper },
  );
  await opens();
  const before = renders;

  for (let seq = 11; seq < 16; seq += 1) await tells(seq, 'new');

  expect(renders).toBe(before);
  inbox.stop();
});

test('useChats says when there is no more', async () => {
  const { inbox, wrapper, opens, settle } = desk();
  const { result } = renderHook(() => useChats(useMemo(() => ({}), [])), { wrapper });
  await opens();
  await settle();

  expect(result.current.state).toBe('complete');
  expect(result.current.chats).toHaveLength(2);
  inbox.stop();
});

test('a page that comes after another list was chosen leaves that one as it is', async () => {
  const { it, inbox, wrapper, opens, settle } = desk();
  let come = () => {};
  it.page = async (query) => {
    if (query.has('cursor')) {
      await new Promise<void>((resolve) => {
        come = resolve;
      });
    }
    const isMine = query.get('assignee') === 'ada';
    return { seq: 10, conversations: chats, ...(isMine && { nextCursor: 'next' }) };
  };
  const { result, rerender } = renderHook(({ assigneeId }) => useChats({ assigneeId }), {
    wrapper,
    initialProps: { assigneeId: 'ada' as string | null },
  });
  await opens();
  await settle();
  expect(result.current.state).toBe('more');

  act(() => result.current.loadMore());
  await settle();
  rerender({ assigneeId: null });
  await settle();
  expect(result.current.state).toBe('complete');
  come();
  await settle();

  expect(result.current.state).toBe('complete');
  inbox.stop();
});
