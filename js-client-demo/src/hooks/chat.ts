import { useCallback, useEffect, useState } from 'react';
import type { Conversation } from '../inbox-client';
import { useInbox } from './live';
import { useLastUpdate } from './updates';
import { useChats, useConnection } from './views';

/** What a chat page says of itself. */
export type RealtimeChatOptions = {
  selectedChatId: string | number | null;
  isAppActive: boolean;
  /** In place of the server's interval for an open conversation, in milliseconds. */
  pollingInterval?: number;
};

/** A chat page's data. */
export type RealtimeChat = {
  /** The latest message first. */
  chats: readonly Conversation[];
  isLoading: boolean;
  error: string | null;
  /** Writes in the selected chat; done when the server has the message, fails when it refuses it. */
  sendMessage: (message: string) => Promise<void>;
  refreshChats: () => Promise<void>;
  lastUpdated: Date | null;
};

/** All that a chat page needs, in one hook. */
export function useRealtimeChat(options: RealtimeChatOptions): RealtimeChat {
  const { selectedChatId, isAppActive, pollingInterval } = options;
  const inbox = useInbox();
  const id = selectedChatId === null ? null : String(selectedChatId);
  useChatPolling({
    chatId: isAppActive ? id : null,
    ...(pollingInterval && { interval: pollingInterval }),
  });
  const { chats, state } = useChats();
  const [refusal, setRefusal] = useState<string | null>(null);
  const connection = useConnection();

  const refreshChats = useCallback(async () => {
    setRefusal(null);
    await inbox.refresh().catch((problem: Error) => setRefusal(problem.message));
  }, [inbox]);

  const sendMessage = useCallback(
    async (message: string) => {
      if (id === null) throw new Error('no chat is selected');
      await inbox.taken(inbox.send(id, message));
    },
    [inbox, id],
  );

  const failure = state === 'failed' || connection.status === 'error' ? connection.error : null;
  return {
    chats,
    isLoading: state === 'loading' && chats.length === 0,
    error: refusal ?? failure,
    sendMessage,
    refreshChats,
    lastUpdated: useLastUpdate(),
  };
}

/** Follows one chat closely for as long as the component is there; `null` for none. */
export function useChatPolling({
  chatId,
  interval,
}: {
  chatId: string | null;
  interval?: number;
}): {
  isPolling: boolean;
  error: string | null;
  pollNow: () => void;
} {
  const inbox = useInbox();
  useEffect(() => (chatId === null ? undefined : inbox.open(chatId)), [inbox, chatId]);
  useEffect(() => {
    inbox.pollEvery(interval ?? null);
    return () => inbox.pollEvery(null);
  }, [inbox, interval]);
  const { status, error } = useConnection();
  return {
    isPolling: status === 'polling',
    error,
    pollNow: useCallback(() => inbox.reconnect(), [inbox]),
  };
}
