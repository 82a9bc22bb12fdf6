export { InboxProvider } from './InboxProvider';
export { InboxContext, useInbox, useLive } from './live';
export {
  type Chats,
  type OpenThread,
  useChats,
  useConnection,
  useMessages,
  useVisit,
} from './views';
