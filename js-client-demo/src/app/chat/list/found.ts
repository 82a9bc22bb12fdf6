import { useEffect, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Message } from '../../../inbox-client';

/** A message that holds the words. */
type Hit = { conversationId: string; message: Message };

/** What the server has found beyond the conversations that are held. */
export type Found = { state: 'idle' | 'searching' | 'found' | 'failed'; hits: readonly Hit[] };

const nothing: Found = { state: 'idle', hits: [] };
/** A search begins when nothing has been typed for so long. */
const restMs = 250;
const fewest = 2;

/** Searches the server for words: conversations into what is held, messages into the answer. */
export function useFound(words: string): Found {
  const inbox = useInbox();
  const [found, setFound] = useState<Found & { words: string }>({ ...nothing, words: '' });
  useEffect(() => {
    if (words.length < fewest) return;
    let isWanted = true;
    const search = async () => {
      const query = { q: words, limit: 20 };
      try {
        const [page] = await Promise.all([
          answer(inbox.api.GET('/api/messages/search', { params: { query } })),
          inbox.loadChats({ words }),
        ]);
        if (!isWanted) return;
        setFound({ state: 'found', hits: page.messages as Hit[], words });
      } catch {
        if (isWanted) setFound({ state: 'failed', hits: [], words });
      }
    };
    const timer = setTimeout(search, restMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [inbox, words]);
  if (words.length < fewest) return nothing;
  return found.words === words ? found : { state: 'searching', hits: [] };
}
