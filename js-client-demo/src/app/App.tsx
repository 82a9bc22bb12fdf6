import { useEffect } from 'react';
import { InboxProvider, useVisit } from '../hooks';
import { ownerOf } from '../inbox-client';
import { Login } from './session/Login';
import { session } from './session/session';
import { ignoreDrops } from './shell/drops';
import { Shell } from './shell/Shell';

/** The whole page: the shell for who is signed in, the login for who is not. */
export function App() {
  const visit = useVisit(session);
  useEffect(ignoreDrops, []);
  if (visit.by !== 'agent') return <Login isBack={visit.by === 'expired'} />;
  return (
    <InboxProvider key={ownerOf(visit)} session={session}>
      <Shell profile={visit.profile} />
    </InboxProvider>
  );
}
