import type {
  Connection,
  Conversation,
  Me,
  Message,
  Post,
  Stage,
  Typist,
  VisitorPresence,
} from '../types';

/** One message of a thread, and how it stands with it on this device. */
export type Entry = Message & {
  /** Missing for what the server has taken. */
  outgoing?: Outgoing;
};

/** What has been written here and the server has not taken yet. */
export type Outgoing = {
  clientId: string;
  conversationId: string;
  post: Post;
  createdAt: string;
  /** `waiting` for its turn or for the network, or refused for good, and why. */
  state: 'waiting' | 'failed';
  reason?: { code: string; detail: string };
};

/** What is held of a conversation's messages. */
export type Thread = {
  /** Without gaps, oldest first. */
  messages: readonly Message[];
  /** Whether there are messages before the first one held. */
  history: 'more' | 'loading' | 'failed' | 'complete';
  /** The messages that were unread when it was opened come after this one; `null` if there were none. */
  readUntil: string | null;
};

/** Whether a colleague is there, or when they were. */
export type Presence = { status: 'online' | 'offline'; lastSeenAt: string };

/** All that the client shows. Nothing in it is ever changed in place. */
export type State = {
  /** `unreachable`: the first answer is still to come, and the last try has failed. */
  phase: 'loading' | 'unreachable' | 'ready';
  connection: Connection;
  me: Me | null;
  /** From left to right. */
  stages: readonly Stage[];
  conversations: ReadonlyMap<string, Conversation>;
  threads: ReadonlyMap<string, Thread>;
  /** In the order in which it was written. */
  outbox: readonly Outgoing[];
  /** Whether the device had no room for what was written last: it is sent, or lost with the page. */
  hasNoRoom: boolean;
  /** What has been begun, by conversation. */
  drafts: ReadonlyMap<string, string>;
  typing: ReadonlyMap<string, readonly Typist[]>;
  /** Colleagues who look at a conversation, by conversation. */
  viewers: ReadonlyMap<string, readonly Typist[]>;
  presence: ReadonlyMap<string, Presence>;
  /** What was last heard of sites' visitors, by conversation. */
  visitors: ReadonlyMap<string, VisitorPresence>;
  /** The newest message that a contact sent while we were watching. */
  arrival: { conversationId: string; messageId: string } | null;
  /** When something last came, as `Date.now()` counts. */
  lastUpdated: number | null;
  /**
   * How often all was read afresh, since too much had been missed or something else may be seen: lists
   * are to be fetched anew.
   */
  afresh: number;
};

/** How a client begins. */
export const nothingYet: State = {
  phase: 'loading',
  connection: {
    status: 'disconnected',
    transport: null,
    latencyMs: null,
    attempt: 0,
    nextRetryAt: null,
    error: null,
  },
  me: null,
  stages: [],
  conversations: new Map(),
  threads: new Map(),
  outbox: [],
  hasNoRoom: false,
  drafts: new Map(),
  typing: new Map(),
  viewers: new Map(),
  presence: new Map(),
  visitors: new Map(),
  arrival: null,
  lastUpdated: null,
  afresh: 0,
};
