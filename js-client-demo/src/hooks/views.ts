import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import {
  type ChatFilter,
  type Connection,
  type Conversation,
  chatsOf,
  type Entry,
  messagesOf,
  type Session,
  type State,
  type Thread,
  type Visit,
} from '../inbox-client';
import { useInbox, useLive } from './live';

/** Who is signed in on this browser. */
export function useVisit(session: Session): Visit {
  return useSyncExternalStore(session.subscribe, session.getSnapshot);
}

/** How the page is joined to the server. */
export function useConnection(): Connection {
  return useLive(({ connection }) => connection);
}

/** A list of conversations that reads on by itself. */
export type Chats = {
  chats: readonly Conversation[];
  /** `more` where there are conversations that have not been fetched. */
  state: 'loading' | 'more' | 'failed' | 'complete';
  /** Fetches the next page, also again after a failure. */
  loadMore: () => void;
};

/** The conversations that a filter wants, page by page, kept up to date. */
export function useChats(filter: ChatFilter = {}): Chats {
  const wanted = JSON.stringify(filter);
  const select = useCallback((live: State) => chatsOf(live, JSON.parse(wanted)), [wanted]);
  return { chats: useLive(select), ...useChatPages(filter) };
}

/**
 * How far a list has been fetched, and its next page, for whoever shows the conversations themselves;
 * of no list (`null`) there is nothing to fetch.
 */
export function useChatPages(filter: ChatFilter | null = {}): Omit<Chats, 'chats'> {
  const inbox = useInbox();
  const afresh = useLive((state) => state.afresh);
  const wanted = JSON.stringify(filter);
  const list = `${afresh} ${wanted}`;
  const [page, setPage] = useState<Page>({ list: '', state: 'loading', cursor: null });
  const begun = filter ? 'loading' : 'complete';
  const current: Page = page.list === list ? page : { list, state: begun, cursor: null };

  const load = useCallback(
    (cursor: string | null): Promise<Page> =>
      inbox.loadChats(JSON.parse(wanted), cursor ?? undefined).then(
        (after) => ({ list, state: after ? 'more' : 'complete', cursor: after }),
        () => ({ list, state: 'failed', cursor }),
      ),
    [inbox, wanted, list],
  );

  useEffect(() => {
    if (wanted === 'null') return;
    let isWanted = true;
    void load(null).then((next) => isWanted && setPage(next));
    return () => {
      isWanted = false;
    };
  }, [load, wanted]);

  const { state, cursor } = current;
  const loadMore = useCallback(() => {
    if (state !== 'more' && state !== 'failed') return;
    setPage({ list, state: 'loading', cursor });
    // Another list may have been chosen, and be there, by the time this comes.
    void load(cursor).then((next) => setPage((now) => (now.list === list ? next : now)));
  }, [load, list, state, cursor]);

  return { state, loadMore };
}

/** How far a list has been fetched, and by what it was asked for. */
type Page = { list: string; state: Chats['state']; cursor: string | null };

/** The messages of an open conversation. */
export type OpenThread = {
  messages: readonly Entry[];
  history: Thread['history'];
  readUntil: string | null;
  loadOlder: () => void;
};

/** Opens a conversation for as long as the component is there, and shows its messages. */
export function useMessages(conversationId: string): OpenThread {
  const inbox = useInbox();
  useEffect(() => inbox.open(conversationId), [inbox, conversationId]);
  const thread = useLive((state) => state.threads.get(conversationId));
  return {
    messages: useLive((state) => messagesOf(state, conversationId)),
    history: thread?.history ?? 'loading',
    readUntil: thread?.readUntil ?? null,
    loadOlder: useCallback(() => void inbox.loadOlder(conversationId), [inbox, conversationId]),
  };
}
