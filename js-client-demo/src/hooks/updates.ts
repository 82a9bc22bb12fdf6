import { useCallback, useEffect, useRef } from 'react';
import type {
  Connection,
  Conversation,
  EventPayloads,
  Message,
  ServerEvent,
} from '../inbox-client';
import { useInbox, useLive } from './live';
import { useConnection } from './views';

/** Whom to tell of what happens; each event once, in order. */
export type UpdateCallbacks = {
  onUpdate?: (event: ServerEvent) => void;
  onNewMessage?: (chatId: string, message: Message) => void;
  /** A message was edited, or its status moved. */
  onMessageUpdate?: (
    chatId: string,
    update: EventPayloads['message:updated'] | EventPayloads['message:status-update'],
  ) => void;
  onChatUpdate?: (chatId: string, update: EventPayloads['conversation:updated']) => void;
  onNewChat?: (chat: Conversation) => void;
};

/** How it stands with the updates. */
export type RealtimeUpdates = {
  isConnected: boolean;
  /** In the four words that pages used before; polling is connected, and `usePolling`. */
  connectionStatus: 'connecting' | 'connected' | 'disconnected' | 'error';
  usePolling: boolean;
  lastUpdate: Date | null;
  connect: () => void;
  disconnect: () => void;
  reconnect: () => void;
};

/** Calls back for whatever happens at the tenant's desk. The callbacks of the last render are called. */
export function useRealtimeUpdates(callbacks: UpdateCallbacks = {}): RealtimeUpdates {
  const inbox = useInbox();
  const latest = useLatest(callbacks);
  useEffect(
    () =>
      inbox.listen((events) => {
        for (const event of events) tell(latest.current, event);
      }),
    [inbox, latest],
  );
  const { status } = useConnection();
  return {
    isConnected: status === 'connected' || status === 'polling',
    connectionStatus: beforeOf(status),
    usePolling: status === 'polling',
    lastUpdate: useLastUpdate(),
    connect: useCallback(() => inbox.start(), [inbox]),
    disconnect: useCallback(() => inbox.stop(), [inbox]),
    reconnect: useCallback(() => inbox.reconnect(), [inbox]),
  };
}

/** The same for one conversation, which is open as long as the component is there. */
export function useChatUpdates(
  chatId: string | number | null,
  callbacks: Omit<UpdateCallbacks, 'onUpdate' | 'onNewChat'> = {},
): RealtimeUpdates {
  const inbox = useInbox();
  const id = chatId === null ? null : String(chatId);
  useEffect(() => (id === null ? undefined : inbox.open(id)), [inbox, id]);
  const { onNewMessage, onMessageUpdate, onChatUpdate } = callbacks;
  return useRealtimeUpdates({
    onNewMessage: (chat, message) => chat === id && onNewMessage?.(chat, message),
    onMessageUpdate: (chat, update) => chat === id && onMessageUpdate?.(chat, update),
    onChatUpdate: (chat, update) => chat === id && onChatUpdate?.(chat, update),
  });
}

/** When something last came. */
export function useLastUpdate(): Date | null {
  const at = useLive(({ lastUpdated }) => lastUpdated);
  return at === null ? null : new Date(at);
}

function tell(callbacks: UpdateCallbacks, event: ServerEvent): void {
  callbacks.onUpdate?.(event);
  switch (event.name) {
    case 'message:new':
      callbacks.onNewMessage?.(event.conversationId, event.message);
      break;
    case 'message:updated':
    case 'message:status-update':
      callbacks.onMessageUpdate?.(event.conversationId, event);
      break;
    case 'conversation:updated':
      callbacks.onChatUpdate?.(event.conversationId, event);
      break;
    case 'conversation:new':
      callbacks.onNewChat?.(event.conversation);
      break;
  }
}

function beforeOf(status: Connection['status']): RealtimeUpdates['connectionStatus'] {
  return status === 'polling' ? 'connected' : status;
}

/** A value as the last render had it, for what runs later. */
function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
