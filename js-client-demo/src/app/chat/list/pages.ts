import { useCallback } from 'react';
import { type Chats, useChatPages } from '../../../hooks';
import type { ChatFilter } from '../../../inbox-client';
import type { Narrowing } from './narrowing';

/**
 * How far what is listed has been fetched, and its next page. The server narrows down to one status only:
 * what somebody has to do something about is in two lists there.
 */
export function usePages(filter: ChatFilter, status: Narrowing['status']): Omit<Chats, 'chats'> {
  const isInTwo = status === 'active' && !filter.words;
  const first = useChatPages(isInTwo ? { ...filter, status: 'OPEN' } : filter);
  const second = useChatPages(isInTwo ? { ...filter, status: 'PENDING' } : null);
  const states = [first.state, second.state];
  const isUnfinished = (state: Chats['state']) => states.includes(state);
  const [moreOfFirst, moreOfSecond] = [first.loadMore, second.loadMore];
  return {
    state: (['failed', 'loading', 'more'] as const).find(isUnfinished) ?? 'complete',
    loadMore: useCallback(() => {
      moreOfFirst();
      moreOfSecond();
    }, [moreOfFirst, moreOfSecond]),
  };
}
