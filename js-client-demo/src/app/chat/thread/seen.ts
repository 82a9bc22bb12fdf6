import { useCallback, useEffect, useLayoutEffect } from 'react';
import { useInbox } from '../../../hooks';
import type { Conversation } from '../../../inbox-client';

/**
 * Marks a conversation as read when it is opened, and whenever its newest message is in view; but only
 * while somebody is looking, otherwise when they look again.
 */
export function useSeen({ id, unreadCount }: Conversation, isAtEnd: boolean): void {
  const inbox = useInbox();
  const see = useCallback(() => {
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
    // What the server does not take now, is marked with the next message.
    inbox.markRead(id).catch(() => {});
  }, [inbox, id]);
  // Before anything is painted, so that no figure shows up for a moment.
  useLayoutEffect(see, [see]);
  useLayoutEffect(() => {
    if (isAtEnd && unreadCount > 0) see();
  }, [see, isAtEnd, unreadCount]);
  useEffect(() => {
    const look = () => isAtEnd && see();
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [see, isAtEnd]);
}
