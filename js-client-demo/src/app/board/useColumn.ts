import { useEffect, useRef, useState } from 'react';
import { useInbox } from '../../hooks';
import type { ChatFilter } from '../../inbox-client';

/** How far the cards of a column have been fetched. */
export type Reach = 'more' | 'loading' | 'failed' | 'complete';

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
  const wanted = JSON.stringify({ ...filter, stageId });
  const [page, setPage] = useState<{ wanted: string; cursor: string | null; reach: Reach }>();
  const current = page?.wanted === wanted ? page : { wanted, cursor: null, reach: 'more' as const };
  const busy = useRef(false);

  const loadMore = () => {
    if (busy.current || current.reach === 'complete') return;
    busy.current = true;
    setPage({ ...current, reach: 'loading' });
    inbox
      .loadChats(JSON.parse(wanted), current.cursor ?? undefined, pageSize)
      .then(
        (cursor) => setPage({ wanted, cursor, reach: cursor ? 'more' : 'complete' }),
        () => setPage({ ...current, reach: 'failed' }),
      )
      .finally(() => {
        busy.current = false;
      });
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
