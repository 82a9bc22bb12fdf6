import { useStore } from '@nanostores/react';
import { map } from 'nanostores';
import { useEffect } from 'react';
import { useInbox, useLive } from '../hooks';
import { answer, type Inbox } from '../inbox-client';

/** What colleagues are called, by their id. */
const names = map<Record<string, string>>({});

let asked: Inbox | null = null;

/** What colleagues are called, by their id; asked for once. */
export function useNames(): Record<string, string> {
  const inbox = useInbox();
  const role = useLive((state) => state.me?.user.role);
  useEffect(() => {
    if (asked === inbox || role === undefined) return;
    asked = inbox;
    namesFor(inbox, role !== 'agent').then(
      (known) => names.set({ ...names.get(), ...known }),
      () => {
        asked = null;
      },
    );
  }, [inbox, role]);
  return useStore(names);
}

/** Admins are told of everyone, others of whoever looks after what they see. */
async function namesFor({ api }: Inbox, isAdmin: boolean): Promise<Record<string, string>> {
  if (isAdmin) {
    const { users } = await answer(api.GET('/api/users'));
    return Object.fromEntries(users.map(({ id, name }) => [id, name]));
  }
  const { agents } = await answer(api.GET('/api/stats/agents', { params: { query: {} } }));
  return Object.fromEntries(agents.flatMap(({ userId, name }) => (name ? [[userId, name]] : [])));
}
