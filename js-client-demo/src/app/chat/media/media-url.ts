import { useEffect, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Inbox } from '../../../inbox-client';

/** Where a file can be fetched for a while, and how it is called. */
export type MediaLink = { url: string; expiresAt: string; filename?: string | null };

/** A link is asked for once more so long before it ends. */
const marginMs = 30_000;
const most = 500;

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

/** A link to a file; `null` until there is one, `failed` when there will be none. */
export function useMediaUrl(id: string | null): {
  url: string | null;
  hasFailed: boolean;
  retry: () => void;
} {
  const inbox = useInbox();
  const [found, setFound] = useState<{ id: string; url: string | null; tries: number } | null>(
    null,
  );
  const [tries, setTries] = useState(0);
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
  return {
    url: isIt ? found.url : null,
    hasFailed: isIt && found.url === null,
    retry: () => {
      if (id) links.delete(id);
      setTries((before) => before + 1);
    },
  };
}
