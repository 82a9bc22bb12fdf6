import type { Board, Conversation, Message, MessagePage, ServerEvent, Stage } from './wire';

/** The one conversation whose messages are held. */
export type Thread = {
  conversationId: string;
  /** Without gaps, oldest first. */
  messages: Message[];
  /** Whether there are messages before the first one held. */
  history: 'more' | 'loading' | 'failed' | 'complete';
  /** What events told of messages that are not held yet, by their id. */
  foretold: Record<string, Partial<Message>>;
};

/** All that the client holds of a tenant's desk, as of event `seq`. */
export type Desk = {
  seq: number;
  stages: Stage[];
  conversations: Record<string, Conversation>;
  thread: Thread | null;
  /** The newest message that a contact sent while we were watching. */
  arrival: { conversationId: string; messageId: string } | null;
};

/** The desk that a freshly fetched board describes. */
export function deskOf(board: Board): Desk {
  return {
    seq: board.seq,
    stages: board.stages.map(({ id, name, color, total }) => ({ id, name, color, total })),
    conversations: Object.fromEntries(
      board.stages.flatMap((stage) => stage.conversations.map((each) => [each.id, each])),
    ),
    thread: null,
    arrival: null,
  };
}

/**
 * The desk after an event.
 *
 * Events of the past change nothing. One change may be told in several events that share its `seq`,
 * so an event with the current `seq` is applied; applying one twice is harmless.
 */
export function apply(desk: Desk, event: ServerEvent): Desk {
  return event.seq < desk.seq ? desk : { ...changed(desk, event), seq: event.seq };
}

/** Whether the desk knows all that an event speaks of; if not, the board has to be fetched again. */
export function covers(desk: Desk, event: ServerEvent): boolean {
  switch (event.name) {
    case 'conversation:new':
      return hasStage(desk, event.conversation.stageId);
    case 'conversation:updated':
      return (
        event.conversationId in desk.conversations &&
        (event.updates?.stageId === undefined || hasStage(desk, event.updates.stageId))
      );
    case 'message:new':
      return event.conversationId in desk.conversations;
    case 'message:status-update':
    case 'message:updated':
    case 'stages:updated':
      return true;
  }
}

/** The desk with nothing but the newest events of a conversation to show until `withHistory`. */
export function withThread(desk: Desk, conversationId: string | null): Desk {
  if (conversationId === null) return { ...desk, thread: null };
  return { ...desk, thread: { conversationId, messages: [], history: 'more', foretold: {} } };
}

/** The desk after a page of older messages has come; what events told meanwhile stays. */
export function withHistory(desk: Desk, conversationId: string, page: MessagePage): Desk {
  return inThread(desk, conversationId, (thread) => ({
    ...thread,
    history: page.hasMore ? 'more' : 'complete',
    messages: thread.messages.reduce(
      placed,
      page.messages.map((message) => amended(message, thread.foretold[message.id] ?? {})),
    ),
  }));
}

/** The desk with another word on how the open thread's history fares. */
export function withHistoryState(
  desk: Desk,
  conversationId: string,
  history: Thread['history'],
): Desk {
  return inThread(desk, conversationId, (thread) => ({ ...thread, history }));
}

/** The cards of a stage, from the top, in the order that agents gave them. */
export function cardsOf(desk: Desk, stageId: string): Conversation[] {
  return Object.values(desk.conversations)
    .filter((conversation) => conversation.stageId === stageId)
    .sort((a, b) => (a.position < b.position ? -1 : 1));
}

/** When something last happened in a conversation. */
export function activityOf(conversation: Conversation): string {
  return conversation.lastMessageAt ?? conversation.createdAt;
}

/** How many messages on the board nobody has read. */
export function unreadOf(desk: Desk): number {
  return Object.values(desk.conversations).reduce((sum, { unreadCount }) => sum + unreadCount, 0);
}

function changed(desk: Desk, event: ServerEvent): Desk {
  switch (event.name) {
    case 'message:new':
      return withMessage(desk, event.conversationId, event.message);
    case 'message:status-update':
      return withAmendment(desk, event.conversationId, event.messageId, { status: event.status });
    case 'message:updated':
      return withAmendment(desk, event.conversationId, event.message.id, event.message);
    case 'stages:updated':
      return {
        ...desk,
        stages: event.stages.map((stage) => ({ ...stage, total: totalOf(desk, stage.id) })),
      };
    case 'conversation:new':
      return withArrival(withConversation(desk, event.conversation), event.conversation);
    case 'conversation:updated': {
      const before = desk.conversations[event.conversationId];
      if (!before) return desk;
      const { lastMessage = before.lastMessage, lastMessageAt = before.lastMessageAt } = event;
      return withConversation(desk, { ...before, ...event.updates, lastMessage, lastMessageAt });
    }
  }
}

function withMessage(desk: Desk, conversationId: string, message: Message): Desk {
  const threaded = inThread(desk, conversationId, (thread) => {
    const first = thread.messages[0];
    // What is older than everything held belongs to a page that has not been fetched.
    const isHistory = first && isBefore(message, first) && thread.history !== 'complete';
    return isHistory ? thread : { ...thread, messages: placed(thread.messages, message) };
  });
  const before = threaded.conversations[conversationId];
  const last = before?.lastMessage;
  if (!before || (last && isBefore(message, last))) return threaded;
  const after = {
    ...before,
    lastMessage: last?.id === message.id ? amended(last, message) : message,
    lastMessageAt: message.timestamp,
  };
  return withArrival(withConversation(threaded, after), after);
}

function withAmendment(
  desk: Desk,
  conversationId: string,
  messageId: string,
  amendment: Partial<Message>,
): Desk {
  const threaded = inThread(desk, conversationId, (thread) =>
    thread.messages.some(({ id }) => id === messageId)
      ? {
          ...thread,
          messages: thread.messages.map((message) =>
            message.id === messageId ? amended(message, amendment) : message,
          ),
        }
      : {
          ...thread,
          foretold: {
            ...thread.foretold,
            [messageId]: { ...thread.foretold[messageId], ...amendment },
          },
        },
  );
  const before = threaded.conversations[conversationId];
  if (before?.lastMessage?.id !== messageId) return threaded;
  return withConversation(threaded, {
    ...before,
    lastMessage: amended(before.lastMessage, amendment),
  });
}

function withConversation(desk: Desk, after: Conversation): Desk {
  const from = desk.conversations[after.id]?.stageId;
  return {
    ...desk,
    conversations: { ...desk.conversations, [after.id]: after },
    stages:
      from === after.stageId
        ? desk.stages
        : desk.stages.map((stage) => {
            if (stage.id === from) return { ...stage, total: stage.total - 1 };
            if (stage.id === after.stageId) return { ...stage, total: stage.total + 1 };
            return stage;
          }),
  };
}

function withArrival(desk: Desk, { id, lastMessage }: Conversation): Desk {
  if (lastMessage?.direction !== 'INBOUND') return desk;
  return { ...desk, arrival: { conversationId: id, messageId: lastMessage.id } };
}

function inThread(desk: Desk, conversationId: string, change: (thread: Thread) => Thread): Desk {
  if (desk.thread?.conversationId !== conversationId) return desk;
  return { ...desk, thread: change(desk.thread) };
}

/** The messages with one more in its place; one that is there already is brought up to date. */
function placed(messages: Message[], message: Message): Message[] {
  if (messages.some(({ id }) => id === message.id)) {
    return messages.map((each) => (each.id === message.id ? amended(each, message) : each));
  }
  const after = messages.findLastIndex((each) => !isBefore(message, each));
  return messages.toSpliced(after + 1, 0, message);
}

const rank = { PENDING: 0, SENT: 1, FAILED: 2, DELIVERED: 3, READ: 4 };

/** The message with what is new about it; its status only moves forward. */
function amended(message: Message, amendment: Partial<Message>): Message {
  const after = { ...message, ...amendment };
  return rank[after.status] < rank[message.status] ? { ...after, status: message.status } : after;
}

function isBefore(a: Message, b: Message): boolean {
  return Date.parse(a.timestamp) < Date.parse(b.timestamp);
}

function totalOf(desk: Desk, stageId: string): number {
  return desk.stages.find(({ id }) => id === stageId)?.total ?? 0;
}

function hasStage(desk: Desk, stageId: string): boolean {
  return desk.stages.some(({ id }) => id === stageId);
}
