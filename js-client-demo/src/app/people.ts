import { useStore } from '@nanostores/react';
import { atom, computed } from 'nanostores';
import { useEffect } from 'react';
import { useInbox } from '../hooks';
import { answer, type Inbox } from '../inbox-client';
import { perInbox } from './per-inbox';

/** A colleague. */
export type Agent = { id: string; name: string; isDisabled: boolean };

const teamOf = perInbox(() => {
  const agents = atom<readonly Agent[]>([]);
  const names = computed(agents, (all) =>
    Object.fromEntries(all.map(({ id, name }) => [id, name])),
  );
  return { agents, names, isAsked: false };
});

/** Asks who the colleagues are: some have changed. */
export function askAgents(inbox: Inbox): void {
  const team = teamOf(inbox);
  team.isAsked = true;
  answer(inbox.api.GET('/api/agents')).then(
    (all) => team.agents.set(all.agents),
    () => {
      team.isAsked = false;
    },
  );
}

/** All colleagues, also those who are gone; asked for once. */
export function useAgents(): readonly Agent[] {
  const inbox = useInbox();
  useEffect(() => {
    if (!teamOf(inbox).isAsked) askAgents(inbox);
  }, [inbox]);
  return useStore(teamOf(inbox).agents);
}

/** What colleagues are called, by their id. */
export function useNames(): Record<string, string> {
  useAgents();
  return useStore(teamOf(useInbox()).names);
}
