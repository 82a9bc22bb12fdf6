import { useCallback, useEffect, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Contact, type Conversation } from '../../../inbox-client';

/** Everything about a contact. */
export type Details = Contact & {
  notes: string;
  createdAt: string;
  addresses: { channel: string; address: string }[];
  merged: (Contact & { into: string })[];
  conversations: Conversation[];
};

/** What is known of a contact. */
export type Known = {
  details: Details | null;
  hasFailed: boolean;
  reload: () => void;
  /** Shows what the server has answered to a change. */
  adopt: (details: Details) => void;
};

/** Fetches all about a contact, again whenever what is shown of them elsewhere changes. */
export function useDetails(contact: Contact): Known {
  const inbox = useInbox();
  const [details, setDetails] = useState<Details | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  const { id } = contact;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a contact that events have changed is fetched again
  useEffect(() => {
    let isWanted = true;
    answer(inbox.api.GET('/api/contacts/{id}', { params: { path: { id } } })).then(
      (found) => {
        if (!isWanted) return;
        setFailed(false);
        setDetails(found as unknown as Details);
      },
      () => isWanted && setFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [inbox, id, contact, tries]);
  return {
    details: details?.id === id ? details : null,
    hasFailed,
    reload: useCallback(() => setTries((before) => before + 1), []),
    adopt: setDetails,
  };
}
