import { useStore } from '@nanostores/react';
import { LayoutDashboard, MessageCircle, Settings, SquareKanban } from 'lucide-react';
import { Link } from 'wouter';
import { useLive } from '../../hooks';
import { unreadOf } from '../../inbox-client';
import { Logo } from '../ui/Logo';
import { preload, type Screen } from './Shell';
import { shellText } from './text';

const places = [
  { screen: 'board', Icon: SquareKanban },
  { screen: 'chat', Icon: MessageCircle },
  { screen: 'dashboard', Icon: LayoutDashboard },
  { screen: 'settings', Icon: Settings },
] as const satisfies { screen: Screen; Icon: unknown }[];

/** Where one can go: at the left, on a phone at the bottom. */
export function Rail({ screen }: { screen: Screen | null }) {
  const text = useStore(shellText);
  const unread = useLive(unreadOf);
  return (
    <nav className="rail" aria-label={text.sections}>
      <Logo />
      {places.map(({ screen: place, Icon }) => (
        <Link
          key={place}
          href={`/${place}`}
          aria-current={place === screen ? 'page' : undefined}
          onPointerEnter={() => preload(place)}
        >
          <Icon size={21} strokeWidth={1.8} aria-hidden="true" />
          {text[place]}
          {place === 'chat' && unread > 0 && (
            <span className="badge">
              <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
              <span className="unseen">{text.unread(unread)}</span>
            </span>
          )}
        </Link>
      ))}
    </nav>
  );
}
