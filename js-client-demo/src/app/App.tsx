import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { LiveProvider } from './live';
import { Login } from './session/Login';
import { freshToken, keepFresh, session } from './session/session';
import { Shell } from './shell/Shell';

/** The whole page: the shell for who is signed in, the login for who is not. */
export function App() {
  const current = useStore(session);
  useEffect(keepFresh, []);
  // A token that expired while the browser was closed is renewed before anything asks with it.
  const isOver = current !== null && Date.parse(current.expiresAt) <= Date.now();
  useEffect(() => {
    if (isOver) freshToken().catch(() => {});
  }, [isOver]);

  if (!current) return <Login />;
  if (isOver) return null;
  return (
    <LiveProvider token={current.token}>
      <Shell session={current} />
    </LiveProvider>
  );
}
