import { useStore } from '@nanostores/react';
import { map } from 'nanostores';
import { useEffect } from 'react';
import { useInbox } from '../hooks';
import { answer, type Inbox } from '../inbox-client';

/** What colleagues are called, by their id. */
const names = map<Record<string, string>>({});

let asked: Inbox | null = null;

/** What colleagues are called, by their id; asked for once. */
export function useNames(): Record<string, string> {
  const inbox = useInbox();
  useEffect(() => {
    if (asked === inbox) return;
    asked = inbox;
    answer(inbox.api.GET('/api/stats/agents', { params: { query: {} } })).then(
      ({ agents }) => {
        for (const { userId, name } of agents) if (name) names.setKey(userId, name);
      },
      () => {
        asked = null;
      },
    );
  }, [inbox]);
  return useStore(names);
}
