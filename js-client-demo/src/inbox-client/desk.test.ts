import { describe, expect, test } from 'vitest';
import {
  apply,
  cardsOf,
  covers,
  type Desk,
  deskOf,
  unreadOf,
  withHistory,
  withThread,
} from './desk';
import { boardOf, conversation, message } from './samples';
import type { ServerEvent } from './wire';

const desk = deskOf(
  boardOf(10, {
    new: [
      conversation('maria', { stageId: 'new', position: '7f80' }),
      conversation('joao', { stageId: 'new', position: '80' }),
    ],
    done: [],
  }),
);

function applied(start: Desk, ...events: ServerEvent[]): Desk {
  return events.reduce(apply, start);
}

function says(seq: number, conversationId: string, id: string, minute: string): ServerEvent {
  const timestamp = `2025-07-19T11:${minute}:00Z`;
  return { name: 'message:new', seq, conversationId, message: message(id, { timestamp }) };
}

function moves(seq: number, conversationId: string, stageId: string): ServerEvent {
  return { name: 'conversation:updated', seq, conversationId, updates: { stageId } };
}

function ticks(seq: number, messageId: string, status: 'SENT' | 'DELIVERED' | 'READ'): ServerEvent {
  return { name: 'message:status-update', seq, conversationId: 'joao', messageId, status };
}

describe('the board', () => {
  test('keeps cards where agents put them, whoever writes', () => {
    const now = applied(desk, says(11, 'joao', 'm1', '00'));

    expect(cardsOf(now, 'new').map(({ id }) => id)).toEqual(['maria', 'joao']);
    expect(now.conversations.joao?.lastMessage?.id).toBe('m1');
    expect(now.arrival).toEqual({ conversationId: 'joao', messageId: 'm1' });
    expect(now.seq).toBe(11);
  });

  test('is not moved by events of the past', () => {
    const now = applied(desk, moves(11, 'joao', 'done'));

    expect(applied(now, moves(10, 'joao', 'new'))).toBe(now);
  });

  test('takes every event of a change that is told in several with one number', () => {
    const read: ServerEvent = {
      name: 'conversation:updated',
      seq: 11,
      conversationId: 'joao',
      updates: { unreadCount: 4 },
    };

    const now = applied(desk, says(11, 'joao', 'm1', '00'), read);

    expect(now.conversations.joao).toMatchObject({ unreadCount: 4, lastMessage: { id: 'm1' } });
    expect(unreadOf(now)).toBe(4);
  });

  test('counts a move once however often it is told', () => {
    const now = applied(desk, moves(11, 'joao', 'done'), moves(11, 'joao', 'done'));

    expect(now.stages.map(({ total }) => total)).toEqual([1, 1]);
    expect(cardsOf(now, 'done').map(({ id }) => id)).toEqual(['joao']);
  });

  test('puts a card where it was dragged', () => {
    const drag: ServerEvent = {
      name: 'conversation:updated',
      seq: 11,
      conversationId: 'joao',
      updates: { position: '7e80' },
    };

    expect(cardsOf(applied(desk, drag), 'new').map(({ id }) => id)).toEqual(['joao', 'maria']);
  });

  test('shows other columns, and what is in them', () => {
    const stage = (id: string) => ({ id, name: id, color: '#0a72c4' });
    const stages = [stage('done'), stage('later'), stage('new')];

    const now = applied(desk, { name: 'stages:updated', seq: 11, stages });

    expect(now.stages.map(({ id, total }) => [id, total])).toEqual([
      ['done', 0],
      ['later', 0],
      ['new', 2],
    ]);
  });

  test('counts a new conversation once however often it is told', () => {
    const fresh = conversation('rosa', { stageId: 'new', lastMessage: message('m9') });
    const event: ServerEvent = { name: 'conversation:new', seq: 11, conversation: fresh };

    const now = applied(desk, event, event);

    expect(now.stages[0]?.total).toBe(3);
    expect(now.arrival?.conversationId).toBe('rosa');
  });

  test('does not let a late message take the place of a newer one', () => {
    const now = applied(desk, says(11, 'joao', 'm2', '05'), says(12, 'joao', 'm1', '00'));

    expect(now.conversations.joao?.lastMessage?.id).toBe('m2');
  });

  test('tells which events speak of what it does not hold', () => {
    expect(covers(desk, says(11, 'joao', 'm1', '00'))).toBe(true);
    expect(covers(desk, says(11, 'stranger', 'm1', '00'))).toBe(false);
    expect(covers(desk, moves(11, 'joao', 'a stage made since'))).toBe(false);
    expect(covers(desk, ticks(11, 'unknown', 'READ'))).toBe(true);
  });
});

describe('ticks', () => {
  test('only move forward, on the card and in the thread', () => {
    const reply = message('m1', { direction: 'OUTBOUND', status: 'PENDING' });
    const sent: ServerEvent = {
      name: 'message:new',
      seq: 11,
      conversationId: 'joao',
      message: reply,
    };

    const now = applied(
      withThread(desk, 'joao'),
      sent,
      ticks(12, 'm1', 'READ'),
      ticks(13, 'm1', 'DELIVERED'),
    );

    expect(now.conversations.joao?.lastMessage?.status).toBe('READ');
    expect(now.thread?.messages.map(({ status }) => status)).toEqual(['READ']);
    expect(now.arrival).toBeNull();
  });
});

describe('the thread', () => {
  const page = {
    hasMore: true,
    messages: [
      message('m1', { timestamp: '2025-07-19T11:01:00Z', status: 'SENT' }),
      message('m2', { timestamp: '2025-07-19T11:02:00Z' }),
    ],
  };

  test('holds each message once, in order, when events and the page overlap', () => {
    const watching = applied(
      withThread(desk, 'joao'),
      says(11, 'joao', 'm3', '03'),
      says(12, 'joao', 'm2', '02'),
    );

    const now = withHistory(watching, 'joao', page);

    expect(now.thread?.messages.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3']);
    expect(now.thread?.history).toBe('more');
  });

  test('remembers what was said of a message that comes with a later page', () => {
    const edited = message('m1', { content: 'corrected', status: 'SENT' });
    const watching = applied(
      withThread(desk, 'joao'),
      { name: 'message:updated', seq: 11, conversationId: 'joao', message: edited },
      ticks(12, 'm1', 'READ'),
    );

    const now = withHistory(watching, 'joao', page);

    expect(now.thread?.messages[0]).toMatchObject({ content: 'corrected', status: 'READ' });
  });

  test('has no gap: a message older than the pages held waits for its page', () => {
    const open = withHistory(withThread(desk, 'joao'), 'joao', page);

    const now = applied(open, says(11, 'joao', 'm0', '00'));

    expect(now.thread?.messages.map(({ id }) => id)).toEqual(['m1', 'm2']);
  });

  test('takes no page of a conversation that was left meanwhile', () => {
    const elsewhere = withThread(desk, 'maria');

    expect(withHistory(elsewhere, 'joao', page)).toBe(elsewhere);
  });
});
