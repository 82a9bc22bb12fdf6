import { useCallback, useState } from 'react';
import type { Session } from '../inbox-client/wire';
import { InboxPage } from './InboxPage';
import { Login } from './Login';
import { forgetSession, keepSession, keptSession } from './session';

/** Who is here: nobody yet, nobody any more, or someone with a token. */
type Visit = { by: 'stranger' } | { by: 'expired' } | ReturnType<typeof keptSession>;

/** The whole page: the inbox for who is signed in, the login for who is not. */
export function App() {
  const [visit, setVisit] = useState<Visit>(keptSession);

  const leave = useCallback((reason: 'stranger' | 'expired') => {
    forgetSession();
    setVisit({ by: reason });
  }, []);

  function enter(session: Session) {
    keepSession(session);
    setVisit(keptSession());
  }

  if (visit.by === 'agent') return <InboxPage {...visit} onLeave={leave} />;
  return <Login expired={visit.by === 'expired'} onSession={enter} />;
}
