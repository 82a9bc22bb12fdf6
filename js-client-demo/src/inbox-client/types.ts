import type { components } from './generated/api';

type Schemas = components['schemas'];

/** Who asks, and for which tenant. */
export type Me = Schemas['Me'];
export type Role = Schemas['Role'];
export type Person = Schemas['Me']['user'];
export type Contact = Schemas['Contact'];
/** How far a message has got. */
export type MessageStatus = Schemas['MessageStatus'];
export type ConversationStatus = Schemas['ConversationStatus'];
/** What an agent writes; `clientId` is the outbox's business. */
export type Post = Omit<Schemas['Post'], 'clientId'>;

/** A file that a message carries, and whether it can be opened yet. */
export type Media = {
  id: string;
  state: 'wanted' | 'stored' | 'failed';
  mimeType?: string;
  filename?: string;
  /** In bytes. */
  size?: number;
  width?: number;
  height?: number;
  /** Why it will not come. */
  error?: string;
};

/** What is known of a message beyond its words; a channel may add to it. */
export type Metadata = {
  /** The provider's own word for what it is, such as `sticker` or `voice`. */
  kind?: string;
  clientId?: string;
  author?: { id: string; name: string };
  media?: Media;
  reactions?: { emoji: string; from: string }[];
  mentions?: string[];
  editedAt?: string | null;
  deletedAt?: string | null;
  [more: string]: unknown;
};

/** Why a message failed, in the provider's code and words. */
export type MessageError = { code?: number | string; title?: string; message?: string };

/** One message, as the server writes it. */
export type Message = Omit<Schemas['Message'], 'metadata' | 'error'> & {
  metadata: Metadata;
  error?: MessageError;
};

/** A thread with one contact in one inbox: a card on the board. */
export type Conversation = Omit<Schemas['Conversation'], 'lastMessage'> & {
  lastMessage?: Message | null;
};

/** A column of the board; its figures count also the cards that are not held. */
export type Stage = {
  id: string;
  name: string;
  color: string;
  total: number;
  /** How many of its conversations hold something unread. */
  unread: number;
};

/** What the board and the dashboard count a conversation as. */
export type Sort = {
  stageId: string;
  status: ConversationStatus;
  isAssigned: boolean;
  isUnread: boolean;
};

/** What each stored event carries, by its Socket.IO name. */
export type EventPayloads = {
  'message:new': { conversationId: string; message: Message };
  'message:status-update': {
    conversationId: string;
    messageId: string;
    /** How the channel calls it, once it has taken it. */
    whatsappMessageId?: string | null;
    status: MessageStatus;
    error?: MessageError;
  };
  'message:updated': { conversationId: string; message: Message };
  'conversation:new': { conversation: Conversation };
  'conversation:updated': {
    conversationId: string;
    lastMessage?: Message;
    lastMessageAt?: string;
    /** Just what changed. */
    updates?: Partial<Conversation>;
    /** What the conversation was counted as before, when that is another now. */
    previous?: Sort;
  };
  'stages:updated': { stages: Pick<Stage, 'id' | 'name' | 'color'>[] };
  'notification:new': {
    id: string;
    kind: string;
    title: string;
    body: string;
    conversationId?: string;
  };
  'inbox:updated': { inbox: Conversation['inbox'] };
  'access:changed': { userId: string };
  /** To visitors alone: how their chat stands, and when agents had read everything. */
  'session:updated': { sessionId: string; updates: { status?: string; readAt?: string } };
  /** To visitors alone: they are not let in any more. */
  'session:closed': { sessionId: string };
};

/** A stored event: a fact with its place in the tenant's log. */
export type ServerEvent = {
  [Name in keyof EventPayloads]: { name: Name; seq: number } & EventPayloads[Name];
}[keyof EventPayloads];

/** What is merely happening: not stored, never repeated. */
export type Signal =
  | {
      name: 'typing:start' | 'typing:stop' | 'viewing:start' | 'viewing:stop';
      conversationId: string;
      user: Typist;
    }
  | { name: 'presence:update'; userId: string; status: 'online' | 'offline'; lastSeenAt: string }
  /** The visitor of a site's chat has come, has gone, or looks at another page. */
  | ({ name: 'visitor:presence' } & VisitorPresence)
  /** To visitors alone: whether anybody would answer. */
  | { name: 'agents:presence'; status: 'available' | 'away' };

/** Whether a site's visitor is there, and which page they look at. */
export type VisitorPresence = {
  /** `null` as long as nothing was said. */
  conversationId: string | null;
  status: 'online' | 'offline';
  page: { url: string; title: string | null } | null;
  lastSeenAt: string;
};

/** Somebody who is writing, or looking. */
export type Typist = { id: string; name: string | null; kind: 'AGENT' | 'CONTACT' };

/** How the client is joined to the server. */
export type Connection = {
  status: 'connecting' | 'connected' | 'polling' | 'disconnected' | 'error';
  /** What carries events now; `null` when nothing does. */
  transport: 'websocket' | 'long-polling' | 'sse' | 'poll' | null;
  /** The time to the server and back, in milliseconds. */
  latencyMs: number | null;
  /** How many tries in a row have failed. */
  attempt: number;
  /** When the next try is due, as `Date.now()` counts. */
  nextRetryAt: number | null;
  /** Why it is not joined, for people who look for the reason. */
  error: string | null;
};
