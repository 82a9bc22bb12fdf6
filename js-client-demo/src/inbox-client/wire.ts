/** How far a message has got. */
export type MessageStatus = 'PENDING' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED';

/** A person on the far side. */
export type Contact = { id: string; phoneNumber: string; name: string | null };

/** One message, as the server writes it. */
export type Message = {
  id: string;
  whatsappMessageId: string | null;
  direction: 'INBOUND' | 'OUTBOUND';
  type: 'TEXT' | 'IMAGE' | 'VIDEO' | 'AUDIO' | 'DOCUMENT' | 'LOCATION';
  /** What it says; a caption for media. */
  content: string;
  metadata: {
    /** The provider's own word for what it is, such as `sticker` or `voice`. */
    kind?: string;
    reactions?: { emoji: string; from: string }[];
    editedAt?: string | null;
    deletedAt?: string | null;
  };
  status: MessageStatus;
  timestamp: string;
  contact: Contact;
};

/** A thread with one contact in one inbox: a card on the board. */
export type Conversation = {
  id: string;
  status: 'OPEN' | 'PENDING' | 'SNOOZED' | 'RESOLVED';
  stageId: string;
  inbox: { id: string; name: string; channel: 'whatsapp' };
  contact: Contact;
  /** Who looks after it. */
  assigneeId: string | null;
  unreadCount: number;
  lastMessage: Message | null;
  lastMessageAt: string | null;
  createdAt: string;
  /** Its place in its column: of two cards the one with the smaller text is above. */
  position: string;
  labels: string[];
  /** When a snoozed conversation is opened again. */
  snoozedUntil: string | null;
  /** Until when the channel lets the business write freely. */
  windowUntil: string | null;
  /** Since when the customer waits for an answer. */
  waitingSince: string | null;
};

/** A column of the board; `total` counts also what the server did not list. */
export type Stage = { id: string; name: string; color: string; total: number };

/** Answer of `GET /api/board`: the rows, and the `seq` that was current before they were read. */
export type Board = {
  seq: number;
  stages: (Stage & { conversations: Conversation[] })[];
};

/** Answer of `GET /api/conversations/{id}/messages`, oldest first. */
export type MessagePage = { messages: Message[]; hasMore: boolean };

/** Answer of `POST /api/sessions`. */
export type Session = {
  token: string;
  expiresAt: string;
  /** What is traded, once, for the next session. */
  refreshToken: string;
  refreshExpiresAt: string;
  user: { id: string; name: string; email: string; role: string };
  tenant: { id: string; name: string };
};

/** What each stored event carries, by its Socket.IO name. */
export type EventPayloads = {
  'message:new': { seq: number; conversationId: string; message: Message };
  'message:status-update': {
    seq: number;
    conversationId: string;
    messageId: string;
    status: Exclude<MessageStatus, 'PENDING'>;
  };
  'message:updated': { seq: number; conversationId: string; message: Message };
  'conversation:new': { seq: number; conversation: Conversation };
  'conversation:updated': {
    seq: number;
    conversationId: string;
    lastMessage?: Message;
    lastMessageAt?: string;
    updates?: Partial<
      Omit<Conversation, 'id' | 'inbox' | 'lastMessage' | 'lastMessageAt' | 'createdAt'>
    >;
  };
  'stages:updated': { seq: number; stages: Omit<Stage, 'total'>[] };
};

/** A stored event: a fact with its place in the tenant's log. */
export type ServerEvent = {
  [Name in keyof EventPayloads]: { name: Name } & EventPayloads[Name];
}[keyof EventPayloads];
