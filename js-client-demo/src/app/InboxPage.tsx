import { useEffect, useState, useSyncExternalStore } from 'react';
import { connect, type Inbox } from '../inbox-client/connect';
import { unreadOf } from '../inbox-client/desk';
import { Board, BoardSkeleton } from './Board';
import { ConnectionIndicator } from './ConnectionIndicator';
import { initialsOf } from './format';
import { Icon, Logo } from './icons';
import type { Profile } from './session';
import { Thread } from './Thread';
import { text } from './text';

type Props = {
  token: string;
  profile: Profile | null;
  onLeave: (reason: 'stranger' | 'expired') => void;
};

/** The live inbox of who holds the token. */
export function InboxPage({ token, profile, onLeave }: Props) {
  const [inbox, setInbox] = useState<Inbox | null>(null);
  useEffect(() => {
    const connected = connect(token);
    setInbox(connected);
    return connected.disconnect;
  }, [token]);
  return inbox && <ConnectedInbox inbox={inbox} profile={profile} onLeave={onLeave} />;
}

function ConnectedInbox({ inbox, profile, onLeave }: Omit<Props, 'token'> & { inbox: Inbox }) {
  const state = useSyncExternalStore(inbox.subscribe, inbox.getState);
  const openId = useSyncExternalStore(onHashChange, conversationInHash);
  const now = useNow();
  const desk = state.phase === 'ready' ? state.desk : null;
  const unread = desk ? unreadOf(desk) : 0;
  const open = desk?.thread && desk.conversations[desk.thread.conversationId];

  useEffect(() => inbox.open(openId), [inbox, openId]);
  useEffect(() => {
    if (state.phase === 'ended') onLeave('expired');
  }, [state.phase, onLeave]);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Recado` : 'Recado';
    return () => {
      document.title = 'Recado';
    };
  }, [unread]);

  return (
    <div className="inbox">
      <header className="bar">
        <Logo />
        <h1>Recado</h1>
        {profile && <p className="tenant">{profile.tenant.name}</p>}
        <ConnectionIndicator link={state.link} />
        {profile && (
          <span className="avatar own" title={profile.user.name} aria-hidden="true">
            {initialsOf(profile.user.name)}
          </span>
        )}
        <button
          type="button"
          className="quiet"
          aria-label={text.signOut}
          title={text.signOut}
          onClick={() => onLeave('stranger')}
        >
          <Icon name="leave" />
        </button>
      </header>
      {state.link === 'offline' && (
        <div className="notice" role="alert">
          <p>{desk ? text.offline : text.boardFailed}</p>
          <button type="button" onClick={inbox.retry}>
            {text.tryNow}
          </button>
        </div>
      )}
      <main className="work">
        {desk ? <Board desk={desk} openId={open?.id ?? null} now={now} /> : <BoardSkeleton />}
        {desk?.thread && open && (
          <Thread
            key={open.id}
            conversation={open}
            thread={desk.thread}
            now={now}
            onOlder={inbox.loadOlder}
          />
        )}
      </main>
    </div>
  );
}

/** The open conversation stands in the address, so that reloading and going back keep their sense. */
function conversationInHash(): string | null {
  return location.hash.slice(2) || null;
}

function onHashChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** The time, moving on often enough for "3 min". */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
