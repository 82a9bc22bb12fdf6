import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from './api';
import { connect, type Outside } from './connect';
import { boardOf, conversation, message } from './samples';
import type { Board, MessagePage } from './wire';

/** What `connect` uses of a socket, played by the test: `hears` is what the server would do. */
class FakeSocket {
  active = false;
  connected = false;
  sent: unknown[][] = [];
  io = { opts: {}, engine: { transport: { name: 'websocket' }, on: () => {} } };
  private handlers = new Map<string, (...args: unknown[]) => void>();

  on(name: string, handler: (...args: unknown[]) => void) {
    this.handlers.set(name, handler);
  }
  removeAllListeners() {
    this.handlers.clear();
  }
  connect() {
    this.active = true;
  }
  disconnect() {
    this.active = false;
    this.connected = false;
    return this;
  }
  emit(...args: unknown[]) {
    this.sent.push(args);
  }
  timeout() {
    return { emit: (...args: unknown[]) => this.sent.push(args) };
  }
  hears(name: string, ...args: unknown[]) {
    if (name === 'connect') this.connected = true;
    if (name === 'disconnect') this.connected = false;
    this.handlers.get(name)?.(...args);
  }
}

const board = boardOf(10, { new: [conversation('joao')] });
const page: MessagePage = { messages: [message('m1')], hasMore: false };

/** An inbox on a server whose first answer to `GET /api/board` is `first`. */
function start(first: () => Promise<Board> = async () => board) {
  const socket = new FakeSocket();
  const fetchBoard = vi.fn<Outside['fetchBoard']>(async () => board).mockImplementationOnce(first);
  const fetchMessages = vi.fn<Outside['fetchMessages']>(async () => page);
  let auth: unknown;
  const inbox = connect('token', {
    fetchBoard,
    fetchMessages,
    createSocket: (options) => {
      auth = options.auth;
      return socket as unknown as ReturnType<Outside['createSocket']>;
    },
  });
  const desk = () => {
    const state = inbox.getState();
    if (state.phase !== 'ready') throw new Error(`the inbox is ${state.phase}`);
    return state.desk;
  };
  /** What the socket would tell the server about itself if it connected now. */
  const handshake = () => {
    let told: unknown;
    if (typeof auth === 'function') auth((data: unknown) => (told = data));
    return told;
  };
  const says = (seq: number, conversationId: string, id: string) =>
    socket.hears('message:new', { seq, conversationId, message: message(id) }, String(seq));
  return { inbox, socket, fetchBoard, fetchMessages, desk, handshake, says };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('connecting', () => {
  test('follows the board from the event that it was read at', async () => {
    const { inbox, socket, handshake } = start();
    expect(inbox.getState().phase).toBe('loading');

    await settled();

    expect(inbox.getState().phase).toBe('ready');
    expect(socket.active).toBe(true);
    expect(handshake()).toEqual({ token: 'token', after: 10 });
  });

  test('returns after the last event applied', async () => {
    const { socket, says, handshake, fetchBoard } = start();
    await settled();
    socket.hears('connect');
    says(11, 'joao', 'm1');

    socket.hears('disconnect', 'transport close');

    expect(handshake()).toEqual({ token: 'token', after: 11 });
    expect(fetchBoard).toHaveBeenCalledOnce();
  });

  test('keeps trying while the server is away', async () => {
    const { inbox, fetchBoard } = start(() => Promise.reject(new ApiError(503, undefined)));
    await settled();
    expect(inbox.getState()).toEqual({ phase: 'unreachable', link: 'offline' });

    await vi.advanceTimersByTimeAsync(2_000);

    expect(inbox.getState().phase).toBe('ready');
    expect(fetchBoard).toHaveBeenCalledTimes(2);
  });

  test('ends when the server no longer takes the token', async () => {
    const { inbox, socket, fetchBoard } = start();
    await settled();
    socket.hears('connect');
    fetchBoard.mockRejectedValue(new ApiError(401, 'token_expired'));

    socket.hears('disconnect', 'io server disconnect');
    await vi.advanceTimersByTimeAsync(2_000);

    expect(inbox.getState().phase).toBe('ended');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says by which transport events come', async () => {
    const { inbox, socket } = start();
    await settled();

    socket.hears('connect');
    expect(inbox.getState().link).toBe('live');
    socket.hears('disconnect', 'transport close');
    expect(inbox.getState().link).toBe('connecting');
    socket.hears('connect_error', new Error('timeout'));
    expect(inbox.getState().link).toBe('offline');
    expect(socket.io.opts).toEqual({ transports: ['polling', 'websocket'] });

    socket.io.engine.transport.name = 'polling';
    socket.hears('connect');
    expect(inbox.getState().link).toBe('polling');
  });

  test('leaves no timer and no socket behind', async () => {
    const { inbox, socket, says } = start();
    await settled();
    socket.hears('connect');
    socket.hears('heartbeat', { seq: 50 });
    says(11, 'a conversation not on the board', 'm1');

    inbox.disconnect();
    await settled();

    expect(socket.active).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('following', () => {
  test('tells listeners once of events that come together, until they unsubscribe', async () => {
    const { inbox, says } = start();
    await vi.advanceTimersByTimeAsync(100);
    const listener = vi.fn();
    const unsubscribe = inbox.subscribe(listener);

    says(11, 'joao', 'm1');
    says(12, 'joao', 'm2');
    await vi.advanceTimersByTimeAsync(100);
    unsubscribe();
    says(13, 'joao', 'm3');
    await vi.advanceTimersByTimeAsync(100);

    expect(listener).toHaveBeenCalledOnce();
  });

  test('fetches the board again when an unknown conversation speaks, and loses no event', async () => {
    const { says, fetchBoard, desk } = start();
    await settled();
    let answer: (board: Board) => void = () => {};
    fetchBoard.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));

    says(11, 'rosa', 'm1');
    await vi.advanceTimersByTimeAsync(1_000);
    says(13, 'joao', 'm2');
    answer(boardOf(12, { new: [conversation('joao'), conversation('rosa')] }));
    await settled();

    expect(Object.keys(desk().conversations)).toEqual(['joao', 'rosa']);
    expect(desk().conversations.joao?.lastMessage?.id).toBe('m2');
    expect(desk().seq).toBe(13);
  });

  test('takes an event that a board fetched meanwhile has overtaken', async () => {
    const { inbox, says, fetchBoard, desk } = start();
    inbox.open('joao');
    await settled();
    fetchBoard.mockResolvedValueOnce(
      boardOf(12, { new: [conversation('joao'), conversation('rosa')] }),
    );
    says(11, 'rosa', 'm2');
    await vi.advanceTimersByTimeAsync(1_000);

    says(11, 'joao', 'm3');

    expect(desk().thread?.messages.map(({ id }) => id)).toEqual(['m1', 'm3']);
  });

  test('starts over when the log no longer has what was missed', async () => {
    const { inbox, socket, fetchBoard, fetchMessages, desk } = start();
    await settled();
    inbox.open('joao');
    await settled();

    fetchBoard.mockResolvedValueOnce(boardOf(90, { new: [conversation('rosa')] }));
    socket.hears('ready', { seq: 90, head: 90, complete: false });
    await settled();

    expect(Object.keys(desk().conversations)).toEqual(['rosa']);
    expect(desk().seq).toBe(90);
    expect(fetchMessages).toHaveBeenCalledTimes(2);
  });

  test('asks for the rest when it stays behind the heartbeat', async () => {
    const { socket, desk } = start();
    await settled();

    socket.hears('heartbeat', { seq: 12 });
    await vi.advanceTimersByTimeAsync(3_000);
    const [name, argument, answer] = socket.sent[0] ?? [];
    if (typeof answer === 'function') answer(null, { ok: true, seq: 12, complete: true });

    expect([name, argument]).toEqual(['sync', { after: 10 }]);
    expect(desk().seq).toBe(12);
  });

  test('asks for nothing when the events come after the heartbeat', async () => {
    const { socket, says } = start();
    await settled();

    socket.hears('heartbeat', { seq: 11 });
    says(11, 'joao', 'm1');
    await vi.advanceTimersByTimeAsync(3_000);

    expect(socket.sent).toEqual([]);
  });
});

describe('the open conversation', () => {
  test('may be chosen before the board is there', async () => {
    const { inbox, desk } = start();

    inbox.open('joao');
    await settled();

    expect(desk().thread).toMatchObject({ history: 'complete', messages: [{ id: 'm1' }] });
  });

  test('pages back from its oldest message, also after a failure', async () => {
    const { inbox, fetchMessages, desk } = start();
    await settled();
    fetchMessages.mockResolvedValueOnce({ ...page, hasMore: true });
    inbox.open('joao');
    await settled();

    fetchMessages.mockRejectedValueOnce(new TypeError('network'));
    inbox.loadOlder();
    await settled();
    expect(desk().thread?.history).toBe('failed');
    inbox.loadOlder();
    await settled();

    expect(fetchMessages).toHaveBeenLastCalledWith('token', 'joao', 'm1');
    expect(desk().thread?.history).toBe('complete');
  });
});

describe('reading', () => {
  const unread = boardOf(10, { new: [{ ...conversation('ana'), unreadCount: 2 }] });

  test('a conversation is read once it is open and connected', async () => {
    const { inbox, socket } = start(async () => unread);
    await settled();
    inbox.open('ana');
    expect(socket.sent).toEqual([]);

    socket.hears('connect');

    expect(socket.sent).toEqual([['conversation:read', 'ana']]);
  });

  test('what arrives in an open conversation is read at once, and elsewhere not', async () => {
    const { inbox, socket } = start();
    await settled();
    socket.hears('connect');
    inbox.open('joao');
    const arrives = (seq: number, conversationId: string) =>
      socket.hears('conversation:updated', { seq, conversationId, updates: { unreadCount: 1 } });

    arrives(11, 'joao');
    arrives(12, 'maria');

    expect(socket.sent).toEqual([['conversation:read', 'joao']]);
  });
});
