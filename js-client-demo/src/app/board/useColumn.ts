import { useEffect, useRef, useState } from 'react';
import { useInbox, useLive } from '../../hooks';
import type { ChatFilter } from '../../inbox-client';

/** How far the cards of a column have been fetched. */
export type Reach = 'more' | 'loading' | 'failed' | 'complete';

/** That, of the cards that are wanted. */
type Page = { wanted: string; cursor: string | null; reach: Reach };

const pageSize = 200;

/**
 * Fetches the cards of a column that the board did not bring: the first page at once when it is
 * narrowed down, the next ones when they are asked for.
 */
export function useColumn(
  stageId: string,
  filter: ChatFilter,
  { isNarrowed, isWhole }: { isNarrowed: boolean; isWhole: boolean },
): { reach: Reach; loadMore: () => void } {
  const inbox = useInbox();
  const afresh = useLive((state) => state.afresh);
  const asked = JSON.stringify({ ...filter, stageId });
  const wanted = `${afresh} ${asked}`;
  const [page, setPage] = useState<Page>();
  const current: Page = page?.wanted === wanted ? page : { wanted, cursor: null, reach: 'more' };
  const awaited = useRef<string | null>(null);

  const loadMore = () => {
    if (awaited.current === wanted || current.reach === 'complete') return;
    awaited.current = wanted;
    setPage({ ...current, reach: 'loading' });
    const come = (next: Page) => {
      // Something else has been asked for meanwhile.
      if (awaited.current !== wanted) return;
      awaited.current = null;
      setPage(next);
    };
    inbox.loadChats(JSON.parse(asked), current.cursor ?? undefined, pageSize).then(
      (cursor) => come({ wanted, cursor, reach: cursor ? 'more' : 'complete' }),
      () => come({ ...current, reach: 'failed' }),
    );
  };

  const isDue = isNarrowed && page?.wanted !== wanted;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is what asks for the first page
  useEffect(() => {
    if (!isDue) return;
    // While somebody types, only the last word counts.
    const timer = setTimeout(loadMore, filter.words ? 250 : 0);
    return () => clearTimeout(timer);
  }, [isDue, wanted]);

  return { reach: !isNarrowed && isWhole ? 'complete' : current.reach, loadMore };
}
