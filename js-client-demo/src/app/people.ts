import { useStore } from '@nanostores/react';
import { atom, computed } from 'nanostores';
import { useEffect } from 'react';
import { useInbox } from '../hooks';
import { answer, type Inbox } from '../inbox-client';

/** A colleague. */
export type Agent = { id: string; name: string; isDisabled: boolean };

const agents = atom<readonly Agent[]>([]);
const names = computed(agents, (all) => Object.fromEntries(all.map(({ id, name }) => [id, name])));

let asked: Inbox | null = null;

/** Asks who the colleagues are: some have changed. */
export function askAgents(inbox: Inbox): void {
  asked = inbox;
  answer(inbox.api.GET('/api/agents')).then(
    (all) => agents.set(all.agents),
    () => {
      asked = null;
    },
  );
}

/** All colleagues, also those who are gone; asked for once. */
export function useAgents(): readonly Agent[] {
  const inbox = useInbox();
  useEffect(() => {
    if (asked !== inbox) askAgents(inbox);
  }, [inbox]);
  return useStore(agents);
}

/** What colleagues are called, by their id. */
export function useNames(): Record<string, string> {
  useAgents();
  return useStore(names);
}
