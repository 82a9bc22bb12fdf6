import type { Inbox } from '../inbox-client';

/**
 * Something that each inbox has one of, made when it is first asked for: whoever signs in next finds
 * nothing of what somebody else was shown. What is kept on the device belongs under `inbox.owner`.
 */
export function perInbox<Made>(make: (inbox: Inbox) => Made): (inbox: Inbox) => Made {
  const all = new WeakMap<Inbox, { made: Made }>();
  return (inbox) => {
    const known = all.get(inbox) ?? { made: make(inbox) };
    all.set(inbox, known);
    return known.made;
  };
}
