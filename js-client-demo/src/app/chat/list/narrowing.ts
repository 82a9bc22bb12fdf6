import { persistentAtom } from '@nanostores/persistent';
import type { ChatFilter, Conversation, ConversationStatus, Inbox } from '../../../inbox-client';
import { perInbox } from '../../per-inbox';

/** Whose conversations are listed. */
export type Tab = 'mine' | 'nobodys' | 'all';

/** Which conversations an agent wants to see, and in which order. */
export type Narrowing = {
  tab: Tab;
  /** `active`: those about which somebody has to do something. */
  status: 'active' | 'any' | ConversationStatus;
  inboxId: string | null;
  label: string | null;
  unread: boolean;
  sort: 'activity' | 'waiting';
};

/** All that is open, the latest message first. */
export const usualNarrowing: Narrowing = {
  tab: 'all',
  status: 'active',
  inboxId: null,
  label: null,
  unread: false,
  sort: 'activity',
};

/** What was chosen last, kept over reloads. */
export const narrowingOf = perInbox(({ owner }) =>
  persistentAtom<Narrowing>(`recado.chat.list.${owner}`, usualNarrowing, {
    encode: JSON.stringify,
    decode: (kept) => ({ ...usualNarrowing, ...JSON.parse(kept) }),
  }),
);

/** Changes some of it. */
export function narrow(inbox: Inbox, changes: Partial<Narrowing>): void {
  const narrowing = narrowingOf(inbox);
  narrowing.set({ ...narrowing.get(), ...changes });
}

/** In how many ways the list is narrowed down, beside its tab. */
export function filtersOf({ status, inboxId, label, unread }: Narrowing): number {
  return [status !== 'active', inboxId !== null, label !== null, unread].filter(Boolean).length;
}

/** What to ask the client and the server for; who searches, searches everything. */
export function filterOf(wanted: Narrowing, me: string | null, words: string): ChatFilter {
  if (words) return { words, sort: wanted.sort };
  const { tab, status, inboxId, label, unread, sort } = wanted;
  return {
    sort,
    ...(tab !== 'all' && { assigneeId: tab === 'mine' ? (me ?? '') : null }),
    ...(status !== 'active' && status !== 'any' && { status }),
    ...(inboxId && { inboxId }),
    ...(label && { label }),
    ...(unread && { unread }),
  };
}

/** Whether somebody has to do something about a conversation. */
export function isActive({ status }: Conversation): boolean {
  return status === 'OPEN' || status === 'PENDING';
}
