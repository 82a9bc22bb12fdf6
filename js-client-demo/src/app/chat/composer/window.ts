import type { Conversation } from '../../../inbox-client';

/** Whether the channel lets the business write freely, and for how long yet. */
export type Window = { isOpen: true; leftMs: number | null } | { isOpen: false };

/** WhatsApp's 24 hours after the customer wrote; other channels know no such thing. */
export function windowOf({ inbox, windowUntil }: Conversation, now: number): Window {
  if (inbox.channel !== 'whatsapp') return { isOpen: true, leftMs: null };
  const leftMs = windowUntil ? Date.parse(windowUntil) - now : 0;
  return leftMs > 0 ? { isOpen: true, leftMs } : { isOpen: false };
}
