import { useCallback, useMemo, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Entry, type Inbox, type Message } from '../../../inbox-client';
import { endAfter, endAround, endBefore, placeAfter, type Stretch, stretchOf } from './stretch';

/** A stretch of a history that does not reach to its end. */
type Passage = {
  messages: readonly Message[];
  hasOlder: boolean;
  hasNewer: boolean;
};

/** What a thread shows: its end, or a passage of long ago that a jump led to; of it, a stretch at a time. */
export type Reading = {
  entries: readonly Entry[];
  stretch: Stretch;
  /** Whether newer messages than these are missing. */
  isDetached: boolean;
  hasOlder: boolean;
  isBusy: boolean;
  /** Shows a message in its context. Returns whether it can be shown. */
  visit: (id: string) => Promise<boolean>;
  older: () => void;
  newer: () => void;
  /** Goes back to the end. */
  leave: () => void;
};

const pageSize = 50;

/** Reads in a thread whose newest messages are `live`, and any passage before them. */
export function useReading(
  conversationId: string,
  live: readonly Entry[],
  hasOlderLive: boolean,
  loadOlderLive: () => void,
): Reading {
  const inbox = useInbox();
  const [passage, setPassage] = useState<Passage | null>(null);
  const [isBusy, setBusy] = useState(false);
  const busy = useRef(false);

  // Once the passage has grown up to what is live, both are one.
  const entries = useMemo(() => (passage ? joined(passage, live) : live), [passage, live]);
  const isCut = passage !== null && !meets(passage, live);

  const [end, setEnd] = useState<Entry | null>(null);
  const { from, to } = stretchOf(entries, end);
  const stretch = useMemo(() => ({ from, to }), [from, to]);

  const alone = useCallback(async (what: () => Promise<void>) => {
    if (busy.current) return;
    busy.current = true;
    setBusy(true);
    try {
      await what();
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }, []);

  const visit = useCallback(
    async (id: string) => {
      const index = entries.findIndex((entry) => entry.id === id);
      if (index >= stretch.from && index < stretch.to) return true;
      if (index >= 0) {
        setEnd(endAround(entries, index));
        return true;
      }
      let isThere = false;
      await alone(async () => {
        const [before, from] = await Promise.all([
          readPage(inbox, conversationId, { before: id }),
          readPage(inbox, conversationId, { from: id }),
        ]);
        isThere = true;
        setEnd(null);
        setPassage({
          messages: [...before.messages, ...from.messages],
          hasOlder: before.hasMore,
          hasNewer: from.hasMore,
        });
      }).catch(() => {});
      return isThere;
    },
    [alone, entries, stretch, inbox, conversationId],
  );

  const first = passage?.messages[0]?.id;
  const last = passage?.messages.at(-1)?.id;
  return {
    entries,
    stretch,
    isDetached: isCut || to < entries.length,
    hasOlder: from > 0 || (passage ? passage.hasOlder : hasOlderLive),
    isBusy,
    visit,
    older: useCallback(() => {
      if (stretch.from > 0) return setEnd(endBefore(entries, stretch));
      if (!first) return loadOlderLive();
      void alone(async () => {
        const page = await readPage(inbox, conversationId, { before: first });
        setPassage(
          (now) =>
            now && {
              ...now,
              messages: [...page.messages, ...now.messages],
              hasOlder: page.hasMore,
            },
        );
      }).catch(() => {});
    }, [alone, entries, stretch, first, inbox, conversationId, loadOlderLive]),
    newer: useCallback(() => {
      if (stretch.to < entries.length) return setEnd(endAfter(entries, stretch));
      if (!last || !isCut) return;
      void alone(async () => {
        const page = await readPage(inbox, conversationId, { from: last });
        // Where it meets what is live, one does not go on from the end of that.
        setEnd(page.hasMore ? (page.messages.at(-1) ?? null) : null);
        setPassage(
          (now) =>
            now && {
              ...now,
              messages: [...now.messages, ...page.messages.slice(1)],
              hasNewer: page.hasMore,
            },
        );
      }).catch(() => {});
    }, [alone, entries, stretch, last, isCut, inbox, conversationId]),
    leave: useCallback(() => {
      setPassage(null);
      setEnd(null);
    }, []),
  };
}

async function readPage(
  inbox: Inbox,
  id: string,
  place: { before: string } | { from: string },
): Promise<{ messages: readonly Message[]; hasMore: boolean }> {
  const query = { ...place, limit: pageSize };
  const path = { id };
  const page = await answer(
    inbox.api.GET('/api/conversations/{id}/messages', { params: { path, query } }),
  );
  return { messages: page.messages as Message[], hasMore: page.hasMore };
}

function meets({ messages, hasNewer }: Passage, live: readonly Entry[]): boolean {
  const [last, first] = [messages.at(-1), live[0]];
  return !hasNewer || !last || !first || last.timestamp > first.timestamp || last.id === first.id;
}

function joined(passage: Passage, live: readonly Entry[]): readonly Entry[] {
  if (!meets(passage, live)) return passage.messages;
  const [first] = live;
  if (!first) return passage.messages;
  const place = placeAfter(passage.messages, first);
  const isInBoth = passage.messages[place - 1]?.id === first.id;
  return [...passage.messages.slice(0, isInBoth ? place - 1 : place), ...live];
}
