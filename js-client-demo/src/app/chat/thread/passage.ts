import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import {
  answer,
  type Entry,
  type Inbox,
  type Message,
  type ServerEvent,
  type Thread,
} from '../../../inbox-client';
import { endAfter, endAround, endBefore, placeAfter, type Stretch, stretchOf } from './stretch';

/** What there is beyond an edge of what has been read; what failed is tried again when somebody asks. */
type Beyond = 'more' | 'failed' | 'complete';

/** A stretch of a history that does not reach to its end. */
type Passage = {
  messages: readonly Message[];
  older: Beyond;
  newer: Beyond;
};

/** What a thread shows: its end, or a passage of long ago that a jump led to; of it, a stretch at a time. */
export type Reading = {
  entries: readonly Entry[];
  stretch: Stretch;
  /** Whether newer messages than these are missing. */
  isDetached: boolean;
  /** Whether they could not be fetched. */
  hasNewerFailed: boolean;
  /** Whether older messages than these are missing. */
  history: Thread['history'];
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
  liveHistory: Thread['history'],
  loadOlderLive: () => void,
): Reading {
  const inbox = useInbox();
  const [passage, setPassage] = useState<Passage | null>(null);
  const [isBusy, setBusy] = useState(false);
  const work = useRef<Promise<void> | null>(null);
  useEffect(
    () => inbox.listen((events) => setPassage((now) => now && told(now, events, inbox))),
    [inbox],
  );

  // Once the passage has grown up to what is live, both are one.
  const entries = useMemo(() => (passage ? joined(passage, live) : live), [passage, live]);
  const isCut = passage !== null && !meets(passage, live);

  const [end, setEnd] = useState<Entry | null>(null);
  const { from, to } = stretchOf(entries, end);
  const stretch = useMemo(() => ({ from, to }), [from, to]);

  const alone = useCallback(async (what: () => Promise<void>, onFailure = () => {}) => {
    if (work.current) return;
    setBusy(true);
    work.current = what().catch(onFailure);
    await work.current;
    work.current = null;
    setBusy(false);
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
      // Somebody wants to be there, whereas pages come by themselves.
      while (work.current) await work.current;
      await alone(async () => {
        const [before, from] = await Promise.all([
          readPage(inbox, conversationId, { before: id }),
          readPage(inbox, conversationId, { from: id }),
        ]);
        isThere = true;
        setEnd(null);
        setPassage({
          messages: [...before.messages, ...from.messages],
          older: beyond(before),
          newer: beyond(from),
        });
      });
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
    hasNewerFailed: isCut && to === entries.length && passage.newer === 'failed',
    history: isBusy ? 'loading' : from > 0 ? 'more' : (passage?.older ?? liveHistory),
    visit,
    older: useCallback(() => {
      if (stretch.from > 0) return setEnd(endBefore(entries, stretch));
      if (!first) return loadOlderLive();
      const fetched = async () => {
        const page = await readPage(inbox, conversationId, { before: first });
        setPassage(
          (now) =>
            now && {
              ...now,
              messages: [...page.messages, ...now.messages],
              older: beyond(page),
            },
        );
      };
      void alone(fetched, () => setPassage((now) => now && { ...now, older: 'failed' }));
    }, [alone, entries, stretch, first, inbox, conversationId, loadOlderLive]),
    newer: useCallback(() => {
      if (stretch.to < entries.length) return setEnd(endAfter(entries, stretch));
      if (!last || !isCut) return;
      const fetched = async () => {
        const page = await readPage(inbox, conversationId, { from: last });
        // Where it meets what is live, one does not go on from the end of that.
        setEnd(page.hasMore ? (page.messages.at(-1) ?? null) : null);
        setPassage(
          (now) =>
            now && {
              ...now,
              messages: [...now.messages, ...page.messages.slice(1)],
              newer: beyond(page),
            },
        );
      };
      void alone(fetched, () => setPassage((now) => now && { ...now, newer: 'failed' }));
    }, [alone, entries, stretch, last, isCut, inbox, conversationId]),
    leave: useCallback(() => {
      setPassage(null);
      setEnd(null);
    }, []),
  };
}

type Page = { messages: readonly Message[]; hasMore: boolean };

async function readPage(
  inbox: Inbox,
  id: string,
  place: { before: string } | { from: string },
): Promise<Page> {
  const since = inbox.cursor ?? 0;
  const query = { ...place, limit: pageSize };
  const path = { id };
  const page = await answer(
    inbox.api.GET('/api/conversations/{id}/messages', { params: { path, query } }),
  );
  const messages = (page.messages as Message[]).map((each) => inbox.asTold(each, since));
  return { messages, hasMore: page.hasMore };
}

function beyond({ hasMore }: Page): Beyond {
  return hasMore ? 'more' : 'complete';
}

/** A passage once events have told of its messages, which the inbox does not hold. */
function told(passage: Passage, events: readonly ServerEvent[], inbox: Inbox): Passage {
  const about = new Set(events.map(messageOf));
  if (!passage.messages.some(({ id }) => about.has(id))) return passage;
  const since = (events[0]?.seq ?? 0) - 1;
  const messages = passage.messages.map((each) =>
    about.has(each.id) ? inbox.asTold(each, since) : each,
  );
  return { ...passage, messages };
}

/** The message that an event tells something more of. */
function messageOf(event: ServerEvent): string | null {
  if (event.name === 'message:updated') return event.message.id;
  return event.name === 'message:status-update' ? event.messageId : null;
}

function meets({ messages, newer }: Passage, live: readonly Entry[]): boolean {
  const [last, first] = [messages.at(-1), live[0]];
  if (newer === 'complete' || !last || !first) return true;
  return last.timestamp > first.timestamp || last.id === first.id;
}

function joined(passage: Passage, live: readonly Entry[]): readonly Entry[] {
  if (!meets(passage, live)) return passage.messages;
  const [first] = live;
  if (!first) return passage.messages;
  const place = placeAfter(passage.messages, first);
  const isInBoth = passage.messages[place - 1]?.id === first.id;
  return [...passage.messages.slice(0, isInBoth ? place - 1 : place), ...live];
}
