import { persistentAtom } from '@nanostores/persistent';
import { atom, computed } from 'nanostores';
import type { ChatFilter, ConversationStatus } from '../../inbox-client';
import { perInbox } from '../per-inbox';

/** What the board is narrowed down to; what is null does not matter. */
export type Filters = {
  whose: 'mine' | 'nobodys' | 'all';
  inboxId: string | null;
  status: ConversationStatus | null;
  label: string | null;
  unread: boolean;
};

/** Nothing left out. */
export const noFilters: Filters = {
  whose: 'all',
  inboxId: null,
  status: null,
  label: null,
  unread: false,
};

/** What the board leaves out. */
export const narrowingOf = perInbox(({ owner }) => {
  /** Kept over reloads. */
  const filters = persistentAtom<Filters>(`recado.board.filters.${owner}`, noFilters, {
    encode: JSON.stringify,
    decode: (kept) => ({ ...noFilters, ...JSON.parse(kept) }),
  });
  /** What is searched for; not kept, since a search is over when one leaves. */
  const words = atom('');
  /** Whether anything is left out. */
  const isNarrowed = computed(
    [filters, words],
    (now, sought) => sought.trim() !== '' || JSON.stringify(now) !== JSON.stringify(noFilters),
  );
  return { filters, words, isNarrowed };
});

/** The filters as the server and the store know them. */
export function wantedBy(now: Filters, sought: string, me: string): ChatFilter {
  return {
    ...(now.whose !== 'all' && { assigneeId: now.whose === 'mine' ? me : null }),
    ...(now.inboxId && { inboxId: now.inboxId }),
    ...(now.status && { status: now.status }),
    ...(now.label && { label: now.label }),
    ...(now.unread && { unread: true }),
    ...(sought.trim() && { words: sought.trim() }),
  };
}
