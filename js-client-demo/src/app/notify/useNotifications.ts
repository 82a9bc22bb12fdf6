import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useInbox, useLive } from '../../hooks';
import { type Inbox, type Message, type ServerEvent, unreadOf } from '../../inbox-client';
import { nameOf, useLabelOf } from '../format';
import { language } from '../i18n';
import { canRing, primeBell, ring } from './bell';
import { desktop, sound } from './settings';
import { isAnyInSight, once, showPresence } from './tabs';

/** A message that came. */
type Arrival = Extract<ServerEvent, { name: 'message:new' }>;

const plainIcon = '/favicon.svg';
const unreadIcon = '/favicon-unread.svg';

/** Lets whoever does not look know of messages: by title, icon, sound, and the system. */
export function useNotifications(): void {
  const inbox = useInbox();
  const unread = useLive(unreadOf);
  const rings = useStore(sound);
  const pops = useStore(desktop);
  const spoken = useStore(language);
  const labelOf = useLabelOf();
  const [, navigate] = useLocation();

  useEffect(primeBell, []);
  useEffect(showPresence, []);
  useEffect(() => {
    if (!pops) return;
    // Where there is no push service, tabs that are open show what they hear all the same.
    const tell = () =>
      void import('./push').then(({ subscribe }) => subscribe(inbox.api, spoken)).catch(() => {});
    tell();
    return hearWorker(({ isReachedElsewhere }) => isReachedElsewhere && tell());
  }, [inbox, pops, spoken]);
  useEffect(() => hearWorker(({ open }) => open && navigate(open)), [navigate]);
  useEffect(() => mark(unread), [unread]);
  // Whoever signs out leaves nothing of it.
  useEffect(() => () => mark(0), []);

  useEffect(
    () =>
      inbox.listen((events) => {
        const heard = events.filter((event) => concerns(inbox, event));
        const last = heard.at(-1);
        if (!last) return;
        const ids = heard.map(({ message }) => message.id);
        if (rings && canRing()) void once('rung', ids, ring);
        if (pops) void pop(ids, last, labelOf(last.message), navigate);
      }),
    [inbox, rings, pops, labelOf, navigate],
  );
}

/** Says by title, icon and badge how much is unread. */
function mark(unread: number): void {
  document.title = unread > 0 ? `(${unread}) Recado` : 'Recado';
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (icon) icon.href = unread > 0 ? unreadIcon : plainIcon;
  void navigator.setAppBadge?.(unread).catch(() => {});
}

/** What `public/push.js` tells tabs. */
type WorkerSays = { open?: string; isReachedElsewhere?: true };

function hearWorker(heard: (said: WorkerSays) => void): () => void {
  const hear = ({ data }: MessageEvent<WorkerSays>) => heard(data);
  navigator.serviceWorker?.addEventListener('message', hear);
  return () => navigator.serviceWorker?.removeEventListener('message', hear);
}

/** Whether an event is a customer's message to me, or to nobody, that I do not see anyway. */
function concerns(inbox: Inbox, event: ServerEvent): event is Arrival {
  if (event.name !== 'message:new' || event.message.direction !== 'INBOUND') return false;
  if (isQuiet(event.message)) return false;
  const { conversations, me } = inbox.getSnapshot();
  const assignee = conversations.get(event.conversationId)?.assigneeId ?? null;
  if (assignee !== null && assignee !== me?.user.id) return false;
  const isInView = location.pathname === `/chat/${event.conversationId}` && document.hasFocus();
  return !isInView;
}

/** Whether a message alerts nobody: what blocked contacts write, what was said long ago, and notices. */
function isQuiet({ contact, metadata: { imported, kind } }: Message): boolean {
  return Boolean(contact.isBlocked || imported) || kind === 'system' || kind === 'rating';
}

async function pop(
  ids: readonly string[],
  { message, conversationId }: Arrival,
  label: string,
  navigate: (path: string) => void,
): Promise<void> {
  if (Notification.permission !== 'granted' || (await isAnyInSight())) return;
  const worker = await navigator.serviceWorker?.getRegistration();
  await once('popped', ids, () => {
    const name = nameOf(message.contact);
    const told = {
      body: message.content || label,
      icon: plainIcon,
      tag: conversationId,
      data: { conversationId },
    };
    // In the place of what is pushed about the same conversation, and not beside it.
    if (worker?.active) return void worker.showNotification(name, told);
    const shown = new Notification(name, told);
    shown.onclick = () => {
      window.focus();
      navigate(`/chat/${conversationId}`);
      shown.close();
    };
  });
}
