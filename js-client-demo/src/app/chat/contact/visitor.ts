import { useEffect, useState } from 'react';
import { useInbox, useLive } from '../../../hooks';
import { answer, type Conversation } from '../../../inbox-client';
import type { components } from '../../../inbox-client/generated/api';

/** A visitor's chat on a site. */
export type Visit = components['schemas']['ChatSession'];

/** The newest visit to a site in a conversation, as events change it; `null` until it is known. */
export function useVisitor({ id, status, lastMessage }: Conversation): Visit | null {
  const inbox = useInbox();
  const now = useLive((state) => state.visitors.get(id));
  const [visit, setVisit] = useState<Visit | null>(null);
  const lastId = lastMessage?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said and decided changes the visit, too
  useEffect(() => {
    const query = { conversationId: id, limit: 1 };
    let isWanted = true;
    answer(inbox.api.GET('/api/livechat/sessions', { params: { query } })).then(
      ({ sessions: [newest] }) => isWanted && setVisit(newest ?? null),
      // What was known is shown on.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [inbox, id, status, lastId, now]);
  if (visit?.conversationId !== id) return null;
  // The server tells at once who goes, and counts them among those who are there for a while yet.
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
