import { useStore } from '@nanostores/react';
import type { Session } from '../../inbox-client/wire';
import { AccountMenu } from './AccountMenu';
import { Connection } from './Connection';
import type { Screen } from './Shell';
import { ThemeSwitch } from './ThemeSwitch';
import { shellText } from './text';

/** The heading of the screen, whose desk it is, how live it is, and who looks at it. */
export function Bar({ screen, session }: { screen: Screen | null; session: Session }) {
  const text = useStore(shellText);
  return (
    <header className="bar">
      <h1>{screen ? text[screen] : 'Recado'}</h1>
      <p className="tenant">{session.tenant.name}</p>
      <div className="bar-end">
        <Connection />
        <ThemeSwitch />
        <AccountMenu user={session.user} />
      </div>
    </header>
  );
}
