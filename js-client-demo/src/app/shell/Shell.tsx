import { useStore } from '@nanostores/react';
import { type ComponentType, lazy, Suspense } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import type { Profile } from '../../inbox-client';
import { useNotifications } from '../notify/useNotifications';
import { Toasts } from '../ui/Toasts';
import { Bar } from './Bar';
import { Notice } from './Notice';
import { Rail } from './Rail';
import { ScreenGuard } from './ScreenGuard';
import { shellText } from './text';
import { useRoom } from './use-room';
import './shell.css';

/** A screen is fetched when it is first gone to, or when a pointer comes near its link. */
const load = {
  board: () => import('../board/BoardScreen').then(({ BoardScreen }) => ({ default: BoardScreen })),
  chat: () => import('../chat/ChatScreen').then(({ ChatScreen }) => ({ default: ChatScreen })),
  dashboard: () =>
    import('../dashboard/DashboardScreen').then(({ DashboardScreen }) => ({
      default: DashboardScreen,
    })),
  settings: () =>
    import('../settings/SettingsScreen').then(({ SettingsScreen }) => ({
      default: SettingsScreen,
    })),
} satisfies Record<string, () => Promise<{ default: ComponentType }>>;

/** The screens of the app, as they stand in its addresses. */
export type Screen = keyof typeof load;

const BoardScreen = lazy(load.board);
const ChatScreen = lazy(load.chat);
const DashboardScreen = lazy(load.dashboard);
const SettingsScreen = lazy(load.settings);

/** Has a screen fetched before it is gone to. */
export function preload(screen: Screen): void {
  void load[screen]().catch(() => {});
}

/** What stands around every screen: where one can go, how live it is, who is here. */
export function Shell({ profile }: { profile: Profile | null }) {
  const text = useStore(shellText);
  const screen = useScreen();
  useNotifications();
  useRoom();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {text.skip}
      </a>
      <Rail screen={screen} />
      <Bar screen={screen} profile={profile} />
      <Notice />
      <main id="content" tabIndex={-1}>
        <ScreenGuard key={screen}>
          <Suspense fallback={<p className="empty">{text.loading}</p>}>
            <Switch>
              <Route path="/board" component={BoardScreen} />
              <Route path="/chat/:id?" component={ChatScreen} />
              <Route path="/dashboard" component={DashboardScreen} />
              <Route path="/settings/*?" component={SettingsScreen} />
              <Route path="/">
                <Redirect to="/board" replace />
              </Route>
              <Route>
                <div className="empty">
                  <p>{text.notFound}</p>
                  <Link className="button" href="/board">
                    {text.toBoard}
                  </Link>
                </div>
              </Route>
            </Switch>
          </Suspense>
        </ScreenGuard>
      </main>
      <Toasts />
    </div>
  );
}

function useScreen(): Screen | null {
  const [path] = useLocation();
  const first = path.split('/')[1] ?? '';
  return first in load ? (first as Screen) : null;
}
