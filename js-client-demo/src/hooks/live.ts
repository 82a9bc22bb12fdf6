import { createContext, useCallback, useContext, useRef, useSyncExternalStore } from 'react';
import type { Inbox, State } from '../inbox-client';

/** The inbox that the hooks below it read. */
export const InboxContext = createContext<Inbox | null>(null);

/** The inbox of this part of the page. */
export function useInbox(): Inbox {
  const inbox = useContext(InboxContext);
  if (!inbox) throw new Error('this needs an InboxContext around it');
  return inbox;
}

/**
 * What a selector finds in the inbox's state, kept up to date.
 *
 * Renders again only when that is another: of lists and objects, when one of their elements is.
 */
export function useLive<Found>(select: (state: State) => Found): Found {
  const inbox = useInbox();
  const last = useRef<{ state: State; select: typeof select; found: Found } | null>(null);
  const look = useCallback(() => {
    const state = inbox.getSnapshot();
    const before = last.current;
    if (before?.state === state && before.select === select) return before.found;
    const now = select(state);
    const found = before && isAlike(before.found, now) ? before.found : now;
    last.current = { state, select, found };
    return found;
  }, [inbox, select]);
  return useSyncExternalStore(inbox.subscribe, look, look);
}

/** Whether two values are the same, or lists or plain objects of the same elements. */
function isAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => Object.is(each, b[index]));
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
