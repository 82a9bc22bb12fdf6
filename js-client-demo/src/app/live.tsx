import {
  createContext,
  type ReactNode,
  use,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { connect, type Inbox, type InboxState } from '../inbox-client/connect';
import type { Desk } from '../inbox-client/desk';
import { expire } from './session/session';

const Live = createContext<Inbox | null>(null);

/** Keeps one live connection, for as long as somebody is signed in, for all that is within. */
export function LiveProvider({ token, children }: { token: string; children: ReactNode }) {
  const [inbox, setInbox] = useState<Inbox | null>(null);
  useEffect(() => {
    const connected = connect(token);
    const stop = connected.subscribe(() => {
      if (connected.getState().phase === 'ended') expire();
    });
    setInbox(connected);
    return () => {
      stop();
      connected.disconnect();
    };
  }, [token]);
  return inbox && <Live value={inbox}>{children}</Live>;
}

/** The live connection. */
export function useInbox(): Inbox {
  const inbox = use(Live);
  if (!inbox) throw new Error('there is no LiveProvider around this');
  return inbox;
}

/** What the connection is at, and what it has brought. */
export function useInboxState(): InboxState {
  const inbox = useInbox();
  return useSyncExternalStore(inbox.subscribe, inbox.getState);
}

/** The desk as of now; null until it has been fetched. */
export function useDesk(): Desk | null {
  const state = useInboxState();
  return state.phase === 'ready' ? state.desk : null;
}
