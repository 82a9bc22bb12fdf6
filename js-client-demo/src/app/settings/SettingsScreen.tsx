import { useStore } from '@nanostores/react';
import { type ComponentType, useEffect, useRef } from 'react';
import { Link, Redirect, useParams } from 'wouter';
import { useLive } from '../../hooks';
import { Rest } from '../rest';
import { Audit } from './audit/Audit';
import { Canned } from './Canned';
import { Doctor } from './Doctor';
import { Inboxes } from './Inboxes';
import { Notifications } from './Notifications';
import { Stages } from './Stages';
import { Tokens } from './Tokens';
import { settingsText } from './text';
import { Users } from './Users';
import './settings.css';

const sections = {
  inboxes: { Section: Inboxes, isForAdmins: true },
  users: { Section: Users, isForAdmins: true },
  stages: { Section: Stages, isForAdmins: true },
  canned: { Section: Canned, isForAdmins: true },
  tokens: { Section: Tokens, isForAdmins: false },
  audit: { Section: Audit, isForAdmins: true },
  notifications: { Section: Notifications, isForAdmins: false },
  connection: { Section: Doctor, isForAdmins: false },
} satisfies Record<string, { Section: ComponentType; isForAdmins: boolean }>;

type Name = keyof typeof sections;
const names = Object.keys(sections) as Name[];

/** What can be set, a section each, as it stands in the address. */
export function SettingsScreen() {
  const text = useStore(settingsText);
  const { '*': wanted = '' } = useParams();
  const role = useLive((state) => state.me?.user.role);
  const nav = useRef<HTMLElement>(null);
  // On a phone the sections stand in a row that is wider than the screen.
  useEffect(() => {
    const here = nav.current?.querySelector(`[href$="/${wanted}"]`);
    here?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [wanted]);
  if (role === undefined) return null;
  const isAdmin = role !== 'agent';
  const visible = names.filter((name) => isAdmin || !sections[name].isForAdmins);
  const name = visible.find((each) => each === wanted);
  if (!name) return <Redirect to={`/settings/${visible[0]}`} replace />;
  const { Section } = sections[name];
  return (
    <Rest>
      <div className="settings">
        <nav ref={nav} aria-label={text.sections}>
          {visible.map((each) => (
            <Link
              key={each}
              href={`/settings/${each}`}
              aria-current={each === name ? 'page' : undefined}
            >
              {text[each]}
            </Link>
          ))}
        </nav>
        <section aria-labelledby="settings-heading">
          <h2 id="settings-heading">{text[name]}</h2>
          <Section />
        </section>
      </div>
    </Rest>
  );
}
