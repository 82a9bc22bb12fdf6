export {
  type RealtimeChat,
  type RealtimeChatOptions,
  useChatPolling,
  useRealtimeChat,
} from './chat';
export { InboxProvider } from './InboxProvider';
export { InboxContext, useInbox, useLive } from './live';
export {
  type RealtimeUpdates,
  type UpdateCallbacks,
  useChatUpdates,
  useRealtimeUpdates,
} from './updates';
export {
  type Chats,
  type OpenThread,
  useChatPages,
  useChats,
  useConnection,
  useMessages,
  useVisit,
} from './views';
