import { useEffect, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Inbox } from '../../../inbox-client';

/** Where a file can be fetched for a while, and how it is called. */
export type MediaLink = { url: string; expiresAt: string; filename?: string | null };

/** A link is asked for once more so long before it ends. */
const marginMs = 30_000;
const most = 500;
/** For so long a link is good for certain: one that fails earlier would fail again. */
const youngMs = 4 * 60_000;

const links = new Map<string, { link: Promise<MediaLink>; until: number }>();

/** A link to a file that is good for a while yet. */
export function linkTo(inbox: Inbox, id: string): Promise<MediaLink> {
  const known = links.get(id);
  if (known && known.until > Date.now()) return known.link;
  const link = answer(inbox.api.GET('/api/media/{id}', { params: { path: { id } } }));
  const entry = { link, until: Date.now() + 60_000 };
  links.delete(id);
  links.set(id, entry);
  for (const oldest of links.keys()) {
    if (links.size <= most) break;
    links.delete(oldest);
  }
  link.then(
    ({ expiresAt }) => {
      entry.until = Date.parse(expiresAt) - marginMs;
    },
    () => links.delete(id),
  );
  return link;
}

/** A link to a file, as a component shows it. */
export type ShownLink = {
  /** `null` until there is one, and when there will be none. */
  url: string | null;
  hasFailed: boolean;
  retry: () => void;
  /** To be told that it does not lead to the file: it may have ended, so that another is asked for, once. */
  onError: () => void;
};

/** A link to a file. */
export function useMediaUrl(id: string | null): ShownLink {
  const inbox = useInbox();
  const [found, setFound] = useState<{ id: string; url: string | null; tries: number } | null>(
    null,
  );
  const [tries, setTries] = useState(0);
  const renewed = useRef<{ id: string | null; at: number }>({ id: null, at: 0 });
  useEffect(() => {
    if (!id) return;
    let isWanted = true;
    linkTo(inbox, id).then(
      ({ url }) => isWanted && setFound({ id, url, tries }),
      () => isWanted && setFound({ id, url: null, tries }),
    );
    return () => {
      isWanted = false;
    };
  }, [inbox, id, tries]);
  const isIt = found !== null && found.id === id && found.tries === tries;
  const retry = () => {
    if (id) links.delete(id);
    renewed.current = { id, at: Date.now() };
    setTries((before) => before + 1);
  };
  return {
    url: isIt ? found.url : null,
    hasFailed: isIt && found.url === null,
    retry,
    onError: () => {
      const isYoung = renewed.current.id === id && Date.now() - renewed.current.at < youngMs;
      if (!isYoung) retry();
      else if (id) setFound({ id, url: null, tries });
    },
  };
}
