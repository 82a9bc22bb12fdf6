import { useEffect, useState } from 'react';
import { useInbox, useLive } from '../../../hooks';
import { answer, type Conversation, type VisitorPresence } from '../../../inbox-client';
import type { components } from '../../../inbox-client/generated/api';

/** A visitor's chat on a site. */
type Visit = components['schemas']['ChatSession'];

/** What is known of a visitor. */
type Known = { visit: Visit | null; hasFailed: boolean; retry: () => void };

/** The newest visit to a site in a conversation, as events change it; `null` until it is known. */
export function useVisitor({ id, status, lastMessage }: Conversation): Known {
  const inbox = useInbox();
  const now = useLive((state) => state.visitors.get(id));
  const [visit, setVisit] = useState<Visit | null>(null);
  const [failedFor, setFailedFor] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  const lastId = lastMessage?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said and decided changes the visit, too
  useEffect(() => {
    const query = { conversationId: id, limit: 1 };
    let isWanted = true;
    answer(inbox.api.GET('/api/livechat/sessions', { params: { query } })).then(
      ({ sessions: [newest] }) => {
        if (!isWanted) return;
        setFailedFor(null);
        setVisit(newest ?? null);
      },
      // What was known is shown on.
      () => isWanted && setFailedFor(id),
    );
    return () => {
      isWanted = false;
    };
  }, [inbox, id, status, lastId, now, tries]);
  return {
    visit: visit?.conversationId === id ? asOf(now, visit) : null,
    hasFailed: failedFor === id,
    retry: () => setTries((before) => before + 1),
  };
}

/** The server tells at once who goes, and counts them among those who are there for a while yet. */
function asOf(now: VisitorPresence | undefined, visit: Visit): Visit {
  return now && now.lastSeenAt >= visit.lastSeenAt
    ? { ...visit, isOnline: now.status === 'online', lastSeenAt: now.lastSeenAt }
    : visit;
}

const browsers = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrom(?:e|ium)\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;

const systems = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
] as const;

/** What a browser says of itself, in two words; its own where none is known. */
export function deviceOf(userAgent: string): string {
  const named = [browsers, systems].map((all) => all.find(([sign]) => sign.test(userAgent))?.[1]);
  return named.filter(Boolean).join(' · ') || userAgent;
}
