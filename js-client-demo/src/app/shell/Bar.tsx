import { useStore } from '@nanostores/react';
import type { Profile } from '../../inbox-client';
import { AccountMenu } from './AccountMenu';
import { Connection } from './Connection';
import type { Screen } from './Shell';
import { ThemeSwitch } from './ThemeSwitch';
import { shellText } from './text';

/** The heading of the screen, whose desk it is, how live it is, and who looks at it. */
export function Bar({ screen, profile }: { screen: Screen | null; profile: Profile | null }) {
  const text = useStore(shellText);
  return (
    <header className="bar">
      <h1>{screen ? text[screen] : 'Recado'}</h1>
      {profile && <p className="tenant">{profile.tenant.name}</p>}
      <div className="bar-end">
        <Connection />
        <ThemeSwitch />
        <AccountMenu user={profile?.user ?? null} />
      </div>
    </header>
  );
}
