import type { Board } from '../store/store';
import type { Contact, Conversation, EventPayloads, Message, ServerEvent } from '../types';

const contact: Contact = { id: 'contact', phoneNumber: '5511988887777', name: 'Maria Souza' };

/** A text from a contact. */
export function message(id: string, differently: Partial<Message> = {}): Message {
  return {
    id,
    whatsappMessageId: `wamid.${id}`,
    direction: 'INBOUND',
    type: 'TEXT',
    content: 'Olá!',
    metadata: { kind: 'text' },
    status: 'DELIVERED',
    timestamp: '2025-07-19T11:00:00.000Z',
    contact,
    ...differently,
  };
}

/** A conversation in which nobody has written yet. */
export function conversation(id: string, differently: Partial<Conversation> = {}): Conversation {
  return {
    id,
    displayId: 1,
    status: 'OPEN',
    stageId: 'new',
    inbox: { id: 'inbox', name: 'Atendimento', channel: 'whatsapp' },
    contact,
    assigneeId: null,
    unreadCount: 0,
    lastMessage: null,
    lastMessageAt: null,
    createdAt: '2025-07-19T08:00:00.000Z',
    position: '80',
    labels: [],
    snoozedUntil: null,
    windowUntil: null,
    waitingSince: null,
    ...differently,
  };
}

/** A board as of event `seq` with these conversations by stage. */
export function boardOf(seq: number, stages: Record<string, Conversation[]>): Board {
  return {
    seq,
    stages: Object.entries(stages).map(([id, conversations]) => ({
      id,
      name: id,
      color: '#0a72c4',
      total: conversations.length,
      unread: conversations.filter(({ unreadCount }) => unreadCount > 0).length,
      conversations,
    })),
  };
}

/** An event of the log. */
export function event<Name extends ServerEvent['name']>(
  seq: number,
  name: Name,
  payload: EventPayloads[Name],
): ServerEvent {
  return { name, seq, ...payload } as ServerEvent;
}
