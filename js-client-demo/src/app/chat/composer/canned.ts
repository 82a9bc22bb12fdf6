import { useEffect, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import { plain } from './picking';

/** An answer that is given often. */
export type Canned = { id: string; shortcut: string; content: string };

const none: readonly Canned[] = [];

/** All canned responses, fetched when they are first wanted. */
export function useCanned(isWanted: boolean): readonly Canned[] {
  const inbox = useInbox();
  const [all, setAll] = useState(none);
  useEffect(() => {
    if (!isWanted) return;
    let isHere = true;
    answer(inbox.api.GET('/api/canned-responses')).then(
      ({ cannedResponses }) => isHere && setAll(cannedResponses),
      () => {},
    );
    return () => {
      isHere = false;
    };
  }, [inbox, isWanted]);
  return all;
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
