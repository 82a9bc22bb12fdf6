import type { Media, MessageStatus } from '../../inbox-client';

/** A message, as visitors see it; `INBOUND` is what they wrote themselves. */
export type Line = {
  id: string;
  direction: 'INBOUND' | 'OUTBOUND';
  type: string;
  content: string;
  metadata: { kind?: string; clientId?: string; media?: Media; deletedAt?: string | null };
  status: MessageStatus;
  timestamp: string;
  author: { name: string } | null;
};

/** A question that a site asks first. */
export type Question = {
  key: string;
  label: string;
  kind: 'text' | 'email' | 'phone' | 'select';
  isRequired: boolean;
  options: string[];
};

/** How a site wants its chat, and whether anybody is there. */
export type Site = {
  title: string | null;
  greeting: string | null;
  offlineText: string | null;
  color: string | null;
  locale: string | null;
  preChat: Question[];
  requiresIdentity: boolean;
  /** In kB; 0 where visitors send no files. */
  largestFileKb: number;
  agents: 'available' | 'away';
};

/** The visitor's chat. */
export type ChatSession = {
  id: string;
  conversationId: string;
  status: 'new' | 'waiting' | 'active' | 'ended';
  name: string | null;
  email: string | null;
  rating: { score: number; comment: string | null } | null;
};
