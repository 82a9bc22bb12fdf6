import { useStore } from '@nanostores/react';
import { LogOut } from 'lucide-react';
import { useId } from 'react';
import type { Person } from '../../inbox-client';
import { language, languages, speak } from '../i18n';
import { desktop } from '../notify/settings';
import { session } from '../session/session';
import { Avatar } from '../ui/Avatar';
import { shellText } from './text';

const names = { 'pt-BR': 'Português', en: 'English' };

/** Who is here, in which language, and the way out. */
export function AccountMenu({ user }: { user: Person | null }) {
  const text = useStore(shellText);
  const spoken = useStore(language);
  const id = useId();
  const name = user?.name ?? '';
  return (
    <>
      <button
        type="button"
        className="account"
        popoverTarget={id}
        aria-label={text.account({ name })}
        title={name}
      >
        <Avatar id={user?.id ?? ''} name={name} size={32} />
      </button>
      <div id={id} popover="auto" className="popover account-menu">
        <p className="account-who">
          <strong>{name}</strong>
          <span>{user?.email}</span>
        </p>
        <fieldset>
          <legend>{text.language}</legend>
          {languages.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="language"
                checked={each === spoken}
                onChange={() => speak(each)}
              />
              <span lang={each}>{names[each]}</span>
            </label>
          ))}
        </fieldset>
        <button type="button" className="button quiet" onClick={leave}>
          <LogOut size={17} aria-hidden="true" />
          {text.signOut}
        </button>
      </div>
    </>
  );
}

/** Signs out; who does is not told anything more in this browser, also if the server cannot be reached. */
function leave(): void {
  if (desktop.get()) void import('../notify/push').then(({ letGo }) => letGo()).catch(() => {});
  void session.signOut();
}
