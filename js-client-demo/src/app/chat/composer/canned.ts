import { useStore } from '@nanostores/react';
import { atom } from 'nanostores';
import { useEffect } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Inbox } from '../../../inbox-client';
import { perInbox } from '../../per-inbox';
import { plain } from './picking';

/** An answer that is given often. */
export type Canned = { id: string; shortcut: string; content: string };

/** The canned responses that are known; only once it is `ready` there are no others. */
type Known = { all: readonly Canned[]; state: 'loading' | 'failed' | 'ready' };

const cannedOf = perInbox(() => ({
  known: atom<Known>({ all: [], state: 'loading' }),
  isAsking: false,
}));

/** Asks for the canned responses, unless that is under way. */
export function askCanned(inbox: Inbox): void {
  const canned = cannedOf(inbox);
  if (canned.isAsking) return;
  canned.isAsking = true;
  const { known } = canned;
  const end = (changes: Partial<Known>) => {
    canned.isAsking = false;
    known.set({ ...known.get(), ...changes });
  };
  known.set({ ...known.get(), state: 'loading' });
  answer(inbox.api.GET('/api/canned-responses')).then(
    ({ cannedResponses }) => end({ all: cannedResponses, state: 'ready' }),
    () => end({ state: 'failed' }),
  );
}

/** All canned responses, asked for whenever they are wanted; those known from before are there at once. */
export function useCanned(isWanted: boolean): Known {
  const inbox = useInbox();
  useEffect(() => {
    if (isWanted) askCanned(inbox);
  }, [inbox, isWanted]);
  return useStore(cannedOf(inbox).known);
}

/** Those whose shortcut begins with the words, then those that hold them. */
export function matching(all: readonly Canned[], words: string): readonly Canned[] {
  const wanted = plain(words);
  const begins = all.filter(({ shortcut }) => plain(shortcut).startsWith(wanted));
  const holds = all.filter(
    (each) => !begins.includes(each) && plain(each.content).includes(wanted),
  );
  return [...begins, ...holds].slice(0, 30);
}
