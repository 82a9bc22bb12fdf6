import { InboxProvider, useVisit } from '../hooks';
import { Login } from './session/Login';
import { session } from './session/session';
import { Shell } from './shell/Shell';

/** The whole page: the shell for who is signed in, the login for who is not. */
export function App() {
  const visit = useVisit(session);
  if (visit.by !== 'agent') return <Login isBack={visit.by === 'expired'} />;
  return (
    <InboxProvider key={visit.profile?.user.id} session={session}>
      <Shell profile={visit.profile} />
    </InboxProvider>
  );
}
