import type { Message, MessageError, MessageStatus } from '../types';

/** The newest event that told of a status, and why it came to that. */
type Told = { seq: number; error?: MessageError | undefined };

/**
 * What is known of one message: what it says as of event `seq`, and who told of each status. Two of
 * them join to the same whatever the order, also a second time.
 */
export type Facts = {
  message: Message | null;
  seq: number;
  statuses: Partial<Record<MessageStatus, Told>>;
  /** How the channel calls it, if a status has told so. */
  channelId?: string | undefined;
};

/** From the first to the furthest. */
const order: readonly MessageStatus[] = ['PENDING', 'SENT', 'FAILED', 'DELIVERED', 'READ'];

/** What a message tells of itself as of event `seq`. */
export function factsOf(message: Message, seq: number): Facts {
  return { message, seq, statuses: { [message.status]: { seq, error: message.error } } };
}

/** What a status tells of whatever message it is about. */
export function statusFacts(
  status: MessageStatus,
  seq: number,
  error?: MessageError,
  channelId?: string | null,
): Facts {
  const named = channelId ? { channelId } : {};
  return { message: null, seq: -1, statuses: { [status]: { seq, error } }, ...named };
}

/** What both together tell: `a` itself, if `b` tells nothing more. */
export function joined(a: Facts, b: Facts): Facts {
  const news = order.filter((status) => (b.statuses[status]?.seq ?? -1) > seqOf(a, status));
  const isNamed = a.channelId !== undefined || b.channelId === undefined;
  if (news.length === 0 && b.seq <= a.seq && isNamed) return a;
  const statuses = { ...a.statuses };
  for (const status of news) statuses[status] = b.statuses[status] as Told;
  const newer = b.seq > a.seq ? b : a;
  const channelId = a.channelId ?? b.channelId;
  return { message: newer.message, seq: newer.seq, statuses, ...(channelId && { channelId }) };
}

/**
 * The message as it is to be shown. Its status is the furthest that it has got since it was last
 * sent: one that failed and is sent once more begins anew.
 */
export function shown(facts: Facts): Message | null {
  const { message, statuses, channelId } = facts;
  if (!message) return null;
  const begun = facts.statuses.PENDING?.seq ?? 0;
  const status = order.findLast((each) => seqOf(facts, each) >= begun) ?? message.status;
  const error = statuses[status]?.error;
  const whatsappMessageId = message.whatsappMessageId ?? channelId ?? null;
  const isNamed = whatsappMessageId === (message.whatsappMessageId ?? null);
  if (status === message.status && error === message.error && isNamed) return message;
  const { error: _, ...rest } = message;
  return { ...rest, status, whatsappMessageId, ...(error && { error }) };
}

function seqOf({ statuses }: Facts, status: MessageStatus): number {
  return statuses[status]?.seq ?? -1;
}
