import { useEffect, useRef } from 'react';

/** Follows a link to a message once there are messages, and not again when more of them are read. */
export function useLink(
  messageId: string | null,
  hasLoaded: boolean,
  follow: (id: string) => unknown,
): void {
  const followed = useRef<string | null>(null);
  useEffect(() => {
    if (!hasLoaded || followed.current === messageId) return;
    followed.current = messageId;
    if (messageId) follow(messageId);
  }, [messageId, hasLoaded, follow]);
}
