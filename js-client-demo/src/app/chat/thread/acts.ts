import { createContext, use } from 'react';
import type { Entry } from '../../../inbox-client';

/** What can be done with a message of the thread that is shown. */
export type Acts = {
  /** Quotes it in what is written next. */
  reply: (entry: Entry) => void;
  /** Shows it, wherever it is. */
  jump: (id: string) => void;
  /** Shows the message that is known to the channel by this name. */
  jumpToProvider: (providerId: string) => void;
  react: (entry: Entry, emoji: string | null) => void;
  retry: (entry: Entry, force?: boolean) => void;
  discard: (entry: Entry) => void;
};

export const ActsOfThread = createContext<Acts | null>(null);

/** What can be done with a message. */
export function useActs(): Acts {
  const acts = use(ActsOfThread);
  if (!acts) throw new Error('there is no thread around this');
  return acts;
}

/** How the business has reacted to a message, if it has. */
export function ownReaction({ metadata, contact }: Entry): string | null {
  const own = metadata.reactions?.find(({ from }) => from !== contact.phoneNumber);
  return own?.emoji ?? null;
}
