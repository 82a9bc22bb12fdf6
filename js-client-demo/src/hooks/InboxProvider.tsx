import { type ReactNode, useEffect, useMemo } from 'react';
import { Inbox, type Outside, type Session } from '../inbox-client';
import { InboxContext } from './live';

type Props = { session: Session; outside?: Outside; children: ReactNode };

/** Gives what is within an inbox of whoever is signed in; put a `key` on it that changes with the person. */
export function InboxProvider({ session, outside, children }: Props) {
  const inbox = useMemo(() => new Inbox(session, outside), [session, outside]);
  useEffect(() => {
    inbox.start();
    return () => inbox.stop();
  }, [inbox]);
  return <InboxContext value={inbox}>{children}</InboxContext>;
}
