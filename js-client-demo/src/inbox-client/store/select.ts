import type { Conversation, ConversationStatus, Media, Typist } from '../types';
import type { Entry, Outgoing, Presence, State } from './state';

/** Which conversations a list shows; what is absent does not matter. */
export type ChatFilter = {
  status?: ConversationStatus | undefined;
  stageId?: string | undefined;
  /** An agent's id, or `null` for what nobody looks after. */
  assigneeId?: string | null | undefined;
  inboxId?: string | undefined;
  label?: string | undefined;
  unread?: boolean | undefined;
  /** Words of the name, the number or the last message, in any case and with or without accents. */
  words?: string | undefined;
  /** `activity`: the latest message first; `waiting`: whoever has waited longest first. */
  sort?: 'activity' | 'waiting' | undefined;
};

const noCards: readonly Conversation[] = [];
const nobody: readonly Typist[] = [];
const noEntries: readonly Entry[] = [];

/** The cards of a column that are held, from the top, in the order that agents gave them. */
export function cardsOf(state: State, stageId: string): readonly Conversation[] {
  return columns(state.conversations).get(stageId) ?? noCards;
}

/** The conversations that are held and wanted, in the order that is wanted. */
export function chatsOf(state: State, filter: ChatFilter = {}): readonly Conversation[] {
  const wanted = wantedBy(filter);
  const list =
    filter.sort === 'waiting' ? byWaiting(state.conversations) : byActivity(state.conversations);
  return Object.keys(filter).every((key) => key === 'sort') ? list : list.filter(wanted);
}

/** A conversation's messages from the oldest held, then what the server has not taken yet. */
export function messagesOf(state: State, conversationId: string): readonly Entry[] {
  const messages = state.threads.get(conversationId)?.messages ?? noEntries;
  const outgoing = state.outbox.filter((each) => each.conversationId === conversationId);
  if (outgoing.length === 0) return messages;
  const taken = new Set(messages.slice(-200).map(({ metadata }) => metadata.clientId));
  const contact = state.conversations.get(conversationId)?.contact;
  if (!contact) return messages;
  const waiting = outgoing.filter(({ clientId }) => !taken.has(clientId));
  return [
    ...messages,
    ...waiting.map(
      (each): Entry => ({
        id: each.clientId,
        whatsappMessageId: null,
        direction: 'OUTBOUND',
        type: each.post.type ?? 'TEXT',
        content: each.post.content ?? '',
        metadata: { clientId: each.clientId, ...mediaOf(each) },
        status: each.state === 'failed' ? 'FAILED' : 'PENDING',
        timestamp: each.createdAt,
        contact,
        ...(each.post.isPrivate && { isPrivate: true }),
        outgoing: each,
      }),
    ),
  ];
}

/** By what a list tells messages apart: the same before and after the server has taken one. */
export function keyOf({ id, metadata }: Entry): string {
  return metadata.clientId ?? id;
}

/** How many conversations on the board hold something unread. */
export function unreadOf(state: State): number {
  return state.stages.reduce((sum, { unread }) => sum + unread, 0);
}

/** Who is writing in a conversation. */
export function typistsIn(state: State, conversationId: string): readonly Typist[] {
  return state.typing.get(conversationId) ?? nobody;
}

/** Whether a colleague is there, or when they were; `null` if that is not known. */
export function presenceOf(state: State, userId: string): Presence | null {
  return state.presence.get(userId) ?? null;
}

/** When something last happened in a conversation. */
export function activityOf({ lastMessageAt, createdAt }: Conversation): string {
  return lastMessageAt ?? createdAt;
}

const columns = remembered((conversations) => {
  const columns = new Map<string, Conversation[]>();
  for (const conversation of conversations.values()) {
    const column = columns.get(conversation.stageId);
    if (column) column.push(conversation);
    else columns.set(conversation.stageId, [conversation]);
  }
  for (const column of columns.values()) column.sort((a, b) => compare(a.position, b.position));
  return columns;
});

const byActivity = remembered((conversations) =>
  [...conversations.values()].sort(
    (a, b) => compare(activityOf(b), activityOf(a)) || compare(b.id, a.id),
  ),
);

/** Who does not wait comes last. */
const byWaiting = remembered((conversations) =>
  [...conversations.values()].sort(
    (a, b) => compare(a.waitingSince ?? '~', b.waitingSince ?? '~') || compare(a.id, b.id),
  ),
);

/** The file of what the server has not taken: on its way, or, where that has failed, still where it was left. */
function mediaOf({ post: { mediaId, filename }, state }: Outgoing): { media?: Media } {
  if (!mediaId) return {};
  const media = { id: mediaId, state: state === 'failed' ? 'stored' : 'wanted' } as const;
  return { media: { ...media, ...(filename && { filename }) } };
}

function wantedBy(filter: ChatFilter): (conversation: Conversation) => boolean {
  const words = plain(filter.words ?? '')
    .split(/\s+/)
    .filter(Boolean);
  return (chat) =>
    (filter.status === undefined || chat.status === filter.status) &&
    (filter.stageId === undefined || chat.stageId === filter.stageId) &&
    (filter.assigneeId === undefined || (chat.assigneeId ?? null) === filter.assigneeId) &&
    (filter.inboxId === undefined || chat.inbox.id === filter.inboxId) &&
    (filter.label === undefined || chat.labels.includes(filter.label)) &&
    (!filter.unread || chat.unreadCount > 0) &&
    (words.length === 0 || words.every((word) => said(chat).includes(word)));
}

/** All that is searched of a conversation. */
function said({ contact, lastMessage, labels }: Conversation): string {
  return plain([contact.name, contact.phoneNumber, lastMessage?.content, ...labels].join(' '));
}

/** Without accents and case. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same result for the same conversations, found once. */
function remembered<Result>(
  find: (conversations: State['conversations']) => Result,
): (conversations: State['conversations']) => Result {
  const found = new WeakMap<State['conversations'], Result>();
  return (conversations) => {
    const before = found.get(conversations);
    if (before !== undefined) return before;
    const result = find(conversations);
    found.set(conversations, result);
    return result;
  };
}
