import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boardOf, conversation, event, message } from '../testing/samples';
import type { Message, MessageStatus, ServerEvent } from '../types';
import { cardsOf, chatsOf, messagesOf, unreadOf } from './select';
import { Store } from './store';

const statuses: MessageStatus[] = ['SENT', 'DELIVERED', 'READ'];

/** A store that has read a board and holds the thread of conversation `a`. */
function begun(): Store {
  const store = new Store();
  store.board(
    boardOf(10, {
      new: [conversation('a'), conversation('b', { position: '90', unreadCount: 2 })],
      done: [],
    }),
  );
  store.openThread('a');
  store.page('a', { messages: [], hasMore: false }, 10);
  return store;
}

/** All that is shown, in a form that can be compared. */
function shownBy(store: Store) {
  const { stages, conversations, threads } = store.getSnapshot();
  return { stages, conversations: [...conversations].sort(), threads: [...threads] };
}

/** What happens to a few messages and two conversations, as a server would tell it. */
const histories = fc
  .array(
    fc.record({
      what: fc.constantFrom('write', 'status', 'fail', 'retry', 'edit', 'move', 'assign', 'read'),
      of: fc.nat(5),
      to: fc.constantFrom('new', 'done'),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((happenings) => {
    const events: ServerEvent[] = [];
    const messages = new Map<number, Message>();
    const sorts = new Map([
      ['a', { stageId: 'new', status: 'OPEN' as const, isAssigned: false, isUnread: false }],
      ['b', { stageId: 'new', status: 'OPEN' as const, isAssigned: false, isUnread: true }],
    ]);
    for (const { what, of, to } of happenings) {
      const seq = 11 + events.length;
      const id = of % 2 === 0 ? 'a' : 'b';
      const [was, previous] = [messages.get(of), sorts.get(id)];
      const become = (now: Message) => messages.set(of, now).get(of) as Message;
      if (!was || what === 'write') {
        if (was) continue;
        const timestamp = `2025-07-19T12:00:0${of % 3}.000Z`;
        const now = become(
          message(`m${of}`, { direction: 'OUTBOUND', status: 'PENDING', timestamp }),
        );
        events.push(event(seq, 'message:new', { conversationId: 'a', message: now }));
      } else if (what === 'status' || what === 'fail') {
        const next = statuses[statuses.indexOf(was.status as never) + 1];
        const status = what === 'status' ? next : 'FAILED';
        const isForward = what === 'status' ? was.status !== 'FAILED' : was.status === 'PENDING';
        if (!status || !isForward) continue;
        const error = status === 'FAILED' ? { code: 131_026 } : undefined;
        become({ ...was, status, ...(error && { error }) });
        const told = { conversationId: 'a', messageId: was.id, status, ...(error && { error }) };
        events.push(event(seq, 'message:status-update', told));
      } else if (what === 'retry' || what === 'edit') {
        if (what === 'retry' && was.status !== 'FAILED') continue;
        const { error: _, ...rest } = was;
        const now = become(
          what === 'retry' ? { ...rest, status: 'PENDING' } : { ...was, content: `edit ${seq}` },
        );
        events.push(event(seq, 'message:updated', { conversationId: 'a', message: now }));
      } else if (previous) {
        const updates =
          what === 'move'
            ? { stageId: to, position: String(seq) }
            : what === 'assign'
              ? { assigneeId: of > 2 ? 'ada' : null }
              : { unreadCount: of };
        const after = {
          ...previous,
          stageId: updates.stageId ?? previous.stageId,
          isAssigned: 'assigneeId' in updates ? of > 2 : previous.isAssigned,
          isUnread: 'unreadCount' in updates ? of > 0 : previous.isUnread,
        };
        sorts.set(id, after);
        events.push(event(seq, 'conversation:updated', { conversationId: id, updates, previous }));
      }
    }
    return events;
  });

describe('whatever the order', () => {
  test('any order of any events, with any repeats, in any batches, gives one state', {
    timeout: 120_000,
  }, () => {
    const mixed = histories.chain((events) =>
      fc.record({
        events: fc.constant(events),
        order: fc.shuffledSubarray([...events, ...events], {
          minLength: events.length * 2,
          maxLength: events.length * 2,
        }),
        cut: fc.nat(60),
      }),
    );
    fc.assert(
      fc.property(mixed, ({ events, order, cut }) => {
        const [straight, crooked] = [begun(), begun()];
        straight.apply(events);
        crooked.apply(order.slice(0, cut));
        crooked.apply(order.slice(cut));

        expect(shownBy(crooked)).toEqual(shownBy(straight));
      }),
      { numRuns: 600 },
    );
  });

  test('an event twice changes nothing that is shown, so that nobody renders', () => {
    const store = begun();
    const told = event(11, 'message:new', { conversationId: 'a', message: message('m') });
    store.apply([told]);
    const before = messagesOf(store.getSnapshot(), 'a')[0];

    store.apply([told]);

    expect(messagesOf(store.getSnapshot(), 'a')[0]).toBe(before);
  });
});

describe('a message', () => {
  const sent = message('m', { direction: 'OUTBOUND', status: 'SENT' });
  const status = (seq: number, status: MessageStatus) =>
    event(seq, 'message:status-update', { conversationId: 'a', messageId: 'm', status });
  const statusIn = (store: Store) => messagesOf(store.getSnapshot(), 'a')[0]?.status;

  test('never goes back: what was read is not delivered, what was delivered has not failed', () => {
    const store = begun();
    store.apply([event(11, 'message:new', { conversationId: 'a', message: sent })]);
    store.apply([status(13, 'READ'), status(12, 'DELIVERED'), status(14, 'FAILED')]);

    expect(statusIn(store)).toBe('READ');
  });

  test('has the status that came before it', () => {
    const store = begun();
    store.apply([status(12, 'DELIVERED')]);
    store.apply([event(11, 'message:new', { conversationId: 'a', message: sent })]);

    expect(statusIn(store)).toBe('DELIVERED');
  });

  test('that has failed and is sent once more, begins anew', () => {
    const store = begun();
    store.apply([
      event(11, 'message:new', { conversationId: 'a', message: { ...sent, status: 'PENDING' } }),
      event(12, 'message:status-update', {
        conversationId: 'a',
        messageId: 'm',
        status: 'FAILED',
        error: { code: 131_026 },
      }),
    ]);
    expect(messagesOf(store.getSnapshot(), 'a')[0]).toMatchObject({
      status: 'FAILED',
      error: { code: 131_026 },
    });

    store.apply([
      event(13, 'message:updated', {
        conversationId: 'a',
        message: { ...sent, status: 'PENDING' },
      }),
    ]);
    expect(statusIn(store)).toBe('PENDING');
    store.apply([status(14, 'SENT')]);

    expect(statusIn(store)).toBe('SENT');
    expect(messagesOf(store.getSnapshot(), 'a')[0]).not.toHaveProperty('error');
  });

  test('that a page brings late does not undo what events have told since', () => {
    const store = new Store();
    store.board(boardOf(10, { new: [conversation('a')] }));
    store.openThread('a');
    store.apply([status(12, 'READ')]);

    store.page('a', { messages: [sent], hasMore: false }, 10);

    expect(statusIn(store)).toBe('READ');
  });

  test('shows on its card how far it is', () => {
    const store = begun();
    store.apply([
      event(11, 'message:new', { conversationId: 'a', message: sent }),
      event(12, 'conversation:updated', { conversationId: 'a', lastMessage: sent }),
      status(13, 'READ'),
    ]);

    expect(store.getSnapshot().conversations.get('a')?.lastMessage?.status).toBe('READ');
  });

  test('that is older than all that is held waits for its page', () => {
    const store = new Store();
    store.board(boardOf(10, { new: [conversation('a')] }));
    store.openThread('a');
    store.page('a', { messages: [sent], hasMore: true }, 10);
    const old = message('old', { timestamp: '2024-01-01T00:00:00.000Z' });

    store.apply([event(11, 'message:updated', { conversationId: 'a', message: old })]);

    expect(messagesOf(store.getSnapshot(), 'a').map(({ id }) => id)).toEqual(['m']);
  });
});

describe('what has been written here', () => {
  const waiting = {
    clientId: 'k1',
    conversationId: 'a',
    post: { content: 'Oi', isPrivate: false },
    createdAt: '2025-07-19T11:00:00.000Z',
    state: 'waiting' as const,
  };
  const taken = message('srv', { direction: 'OUTBOUND', metadata: { clientId: 'k1' } });

  test('is one bubble, whichever comes first: the answer or the event', () => {
    for (const order of ['answer first', 'event first']) {
      const store = begun();
      store.set({ outbox: [waiting] });
      expect(messagesOf(store.getSnapshot(), 'a').map(({ id }) => id)).toEqual(['k1']);
      const steps = [
        () => store.message('a', taken, 10),
        () => store.apply([event(11, 'message:new', { conversationId: 'a', message: taken })]),
      ];

      for (const step of order === 'answer first' ? steps : steps.reverse()) {
        step();
        expect(messagesOf(store.getSnapshot(), 'a').map(({ id }) => id)).toEqual(['srv']);
      }
    }
  });
});

describe('the figures of columns', () => {
  const figures = (store: Store) =>
    store.getSnapshot().stages.map(({ total, unread }) => [total, unread]);
  const sort = { stageId: 'new', status: 'OPEN' as const, isAssigned: false, isUnread: true };

  test('follow events, also of conversations that are not held', () => {
    const store = begun();
    expect(figures(store)).toEqual([
      [2, 1],
      [0, 0],
    ]);

    store.apply([
      event(11, 'conversation:updated', {
        conversationId: 'far away',
        updates: { stageId: 'done', unreadCount: 0 },
        previous: sort,
      }),
      event(12, 'conversation:new', { conversation: conversation('c', { unreadCount: 1 }) }),
    ]);

    expect(figures(store)).toEqual([
      [2, 1],
      [1, 0],
    ]);
    expect(unreadOf(store.getSnapshot())).toBe(1);
  });

  test('do not count what the board has counted already', () => {
    const store = begun();

    store.apply([event(9, 'conversation:new', { conversation: conversation('c') })]);

    expect(figures(store)[0]).toEqual([2, 1]);
  });

  test('move with a card that is dropped, once, and back if the server refuses', () => {
    const store = begun();
    const settle = store.wish('a', { stageId: 'done' }, 10);
    expect(figures(store)[1]).toEqual([1, 0]);

    const previous = { ...sort, isUnread: false };
    const updates = { stageId: 'done' };
    store.apply([event(11, 'conversation:updated', { conversationId: 'a', updates, previous })]);
    expect(figures(store)[1]).toEqual([1, 0]);
    settle(conversation('a', { stageId: 'done' }));
    expect(figures(store)[1]).toEqual([1, 0]);

    store.wish('b', { stageId: 'done' }, 11)(null);
    expect(figures(store)[1]).toEqual([1, 0]);
  });
});

describe('what is wished', () => {
  test('is shown at once and does not flicker back when the answer is there before the event', () => {
    const store = begun();
    const seen: number[] = [];
    store.subscribe(() => seen.push(store.getSnapshot().conversations.get('b')?.unreadCount ?? -1));

    const settle = store.wish('b', { unreadCount: 0 }, 10);
    settle({ unreadCount: 0 });
    store.apply([
      event(11, 'conversation:updated', { conversationId: 'b', updates: { unreadCount: 0 } }),
    ]);

    expect(new Set(seen)).toEqual(new Set([0]));
  });

  test('gives way to what another agent has done since', () => {
    const store = begun();
    const settle = store.wish('a', { assigneeId: 'ada' }, 10);
    store.apply([
      event(12, 'conversation:updated', { conversationId: 'a', updates: { assigneeId: 'bia' } }),
    ]);

    settle(conversation('a', { assigneeId: 'ada' }));

    expect(store.getSnapshot().conversations.get('a')?.assigneeId).toBe('bia');
  });
});

describe('lists', () => {
  test('are found by words without accents and case, and by who looks after them', () => {
    const store = begun();
    const joao = { id: 'j', phoneNumber: '5511', name: 'João Ávila' };
    store.conversations([conversation('j', { contact: joao, assigneeId: 'ada' })], 10);

    expect(chatsOf(store.getSnapshot(), { words: 'avila JOAO' }).map(({ id }) => id)).toEqual([
      'j',
    ]);
    expect(chatsOf(store.getSnapshot(), { assigneeId: 'ada' })).toHaveLength(1);
    expect(chatsOf(store.getSnapshot(), { assigneeId: null })).toHaveLength(2);
  });

  test('are the same list as long as nothing in them is another', () => {
    const store = begun();
    const [cards, chats] = [cardsOf(store.getSnapshot(), 'new'), chatsOf(store.getSnapshot())];

    store.apply([event(11, 'message:new', { conversationId: 'a', message: message('m') })]);

    expect(cardsOf(store.getSnapshot(), 'new')).toBe(cards);
    expect(chatsOf(store.getSnapshot())).toBe(chats);
  });
});

describe('much of it', () => {
  test('10,000 conversations in pages of 200 are held in under a second', () => {
    const store = begun();
    const all = Array.from({ length: 10_000 }, (_, index) =>
      conversation(`c${index}`, { position: String(index).padStart(5, '0') }),
    );
    const began = performance.now();

    for (let from = 0; from < all.length; from += 200) {
      store.conversations(all.slice(from, from + 200), 10);
    }

    expect(cardsOf(store.getSnapshot(), 'new')).toHaveLength(10_002);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('1,000 messages in two batches are two changes of the state', () => {
    const store = begun();
    let changes = 0;
    store.subscribe(() => {
      changes += 1;
    });
    const told = Array.from({ length: 1_000 }, (_, index) =>
      event(11 + index, 'message:new', { conversationId: 'a', message: message(`m${index}`) }),
    );

    store.apply(told.slice(0, 500));
    store.apply(told.slice(500));

    expect(changes).toBe(2);
    expect(messagesOf(store.getSnapshot(), 'a')).toHaveLength(1_000);
  });

  test('beyond 20,000 conversations those with the oldest messages are let go, but for open ones', () => {
    const store = begun();
    const at = (index: number) => new Date(1e12 + index).toISOString();
    const all = Array.from({ length: 20_001 }, (_, index) =>
      conversation(`c${index}`, { lastMessageAt: at(index) }),
    );
    store.openThread('c0');

    store.conversations(all, 10);

    const { conversations } = store.getSnapshot();
    expect(conversations.size).toBe(20_000);
    expect([conversations.has('c0'), conversations.has('c1')]).toEqual([true, false]);
  });
});
