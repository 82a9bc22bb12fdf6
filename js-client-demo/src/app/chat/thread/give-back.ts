import type { Conversation, Inbox } from '../../../inbox-client';

/** Gives a conversation the status back that it had; one whose snooze is over by now is open. */
export function giveBack(inbox: Inbox, { id, status, snoozedUntil }: Conversation): Promise<void> {
  if (status !== 'SNOOZED') return inbox.status(id, status);
  const until = new Date(snoozedUntil ?? 0);
  return until.getTime() > Date.now() ? inbox.snooze(id, until) : inbox.status(id, 'OPEN');
}
