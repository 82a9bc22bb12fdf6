import { useEffect } from 'react';
import { useInbox } from '../../../hooks';

/** Lets colleagues know that one looks at a conversation, while the page is in view. */
export function useViewing(id: string): void {
  const inbox = useInbox();
  useEffect(() => {
    let end: (() => void) | null = null;
    const look = () => {
      const isVisible = document.visibilityState === 'visible';
      if (isVisible && !end) end = inbox.view(id);
      if (!isVisible) {
        end?.();
        end = null;
      }
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      end?.();
    };
  }, [inbox, id]);
}
