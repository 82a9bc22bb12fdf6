import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { ApiError, fetchBoard, fetchMessages } from './api';
import {
  apply,
  covers,
  type Desk,
  deskOf,
  withHistory,
  withHistoryState,
  withThread,
} from './desk';
import type { EventPayloads, ServerEvent } from './wire';

/** How events reach us: by websocket, by HTTP long-polling, or not (yet). */
export type Link = 'connecting' | 'live' | 'polling' | 'offline';

/** What there is to show. `ended` is final: the server no longer takes the token. */
export type InboxState =
  | { phase: 'loading'; link: Link }
  | { phase: 'unreachable'; link: Link }
  | { phase: 'ready'; link: Link; desk: Desk }
  | { phase: 'ended'; link: Link };

/** A live view of a tenant's conversations. */
export type Inbox = {
  getState: () => InboxState;
  /** Calls back after each change of the state, until the returned function is called. */
  subscribe: (listener: () => void) => () => void;
  /**
   * Holds a conversation's messages in `desk.thread`, newest page first, and lets the server know
   * that they are read while the page is visible; `null` lets go of them.
   */
  open: (conversationId: string | null) => void;
  /** Fetches the page before the messages held, also again after a failure. */
  loadOlder: () => void;
  /** Tries to reach the server at once instead of when the next try is due. */
  retry: () => void;
  /** Leaves nothing behind: no socket, timer or listener. */
  disconnect: () => void;
};

/** What a test replaces. */
export type Outside = {
  fetchBoard: typeof fetchBoard;
  fetchMessages: typeof fetchMessages;
  createSocket: (options: Partial<ManagerOptions & SocketOptions>) => Socket;
};

/** The server's answer to `sync`. */
type SyncAnswer = { ok: true; seq: number; complete: boolean } | { ok: false };

const storedEvents = Object.keys({
  'message:new': true,
  'message:status-update': true,
  'message:updated': true,
  'conversation:new': true,
  'conversation:updated': true,
  'stages:updated': true,
} satisfies Record<keyof EventPayloads, true>);

const websocketFirst = ['websocket', 'polling'];
const pollingFirst = ['polling', 'websocket'];

/** How long a connection may be behind the server's heartbeat before it asks for the rest. */
const lagMs = 3_000;
/** Events of unknown conversations that come within this time cost one fetch of the board. */
const gatherMs = 1_000;
/** State changes that come within this time are told to listeners once. */
const frameMs = 16;

/**
 * Shows the board as of now and follows it from there, over websocket where the network lets it
 * through and over HTTP long-polling where not, for as long as the token lasts.
 *
 * A connection that returns goes on after the last event applied; when the server no longer has
 * what was missed, everything shown is fetched afresh.
 */
export function connect(
  token: string,
  outside: Outside = { fetchBoard, fetchMessages, createSocket: io },
): Inbox {
  const listeners = new Set<() => void>();
  let state: InboxState = { phase: 'loading', link: 'connecting' };
  let openId: string | null = null;
  let attempt = 0;
  /** While the board is being fetched: the events that came meanwhile. */
  let meanwhile: ServerEvent[] | null = null;
  let notifying: Timer;
  let loading: Timer;
  let gathering: Timer;
  let lagging: Timer;

  const socket = outside.createSocket({
    autoConnect: false,
    // A manager of our own: `io` would otherwise hand out the last one, its options included.
    forceNew: true,
    auth: (give) => give({ token, after: deskNow()?.seq }),
    transports: websocketFirst,
    tryAllTransports: true,
    reconnectionDelay: 1_000,
    reconnectionDelayMax: 30_000,
    timeout: 10_000,
  });

  function deskNow(): Desk | null {
    return state.phase === 'ready' ? state.desk : null;
  }

  function isOver(): boolean {
    return state.phase === 'ended';
  }

  function become(next: InboxState): void {
    if (isOver()) return;
    state = next;
    if (notifying) return;
    notifying = setTimeout(() => {
      notifying = undefined;
      for (const listener of listeners) listener();
    }, frameMs);
  }

  function change(how: (desk: Desk) => Desk): void {
    if (state.phase === 'ready') become({ ...state, desk: how(state.desk) });
  }

  function end(): void {
    become({ phase: 'ended', link: 'offline' });
    halt();
  }

  /** Fetches the board, then connects if need be; tries again, ever less often, until it works. */
  async function load(): Promise<void> {
    if (meanwhile) return loadSoon();
    clearTimeout(loading);
    meanwhile = [];
    const from = deskNow()?.seq;
    try {
      const board = await outside.fetchBoard(token);
      if (isOver()) return;
      const came = meanwhile;
      const { thread = null, arrival = null } = deskNow() ?? {};
      // The rows may be ahead of the events; going on from where we were repeats some, but skips none.
      const fresh = { ...deskOf(board), seq: from ?? board.seq, thread, arrival };
      become({ phase: 'ready', link: state.link, desk: came.reduce(apply, fresh) });
      meanwhile = null;
      attempt = 0;
      if (came.some((event) => event.seq > board.seq && !covers(fresh, event))) loadSoon();
      if (thread?.conversationId !== openId) openAfresh();
      if (!socket.active) socket.connect();
    } catch (problem) {
      meanwhile = null;
      if (isOver()) return;
      if (isRefusal(problem)) return end();
      socket.disconnect();
      const desk = deskNow();
      become(
        desk
          ? { phase: 'ready', link: 'offline', desk }
          : { phase: 'unreachable', link: 'offline' },
      );
      loadLater();
    }
  }

  function loadSoon(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void load();
    }, gatherMs);
  }

  function loadLater(): void {
    clearTimeout(loading);
    loading = setTimeout(
      load,
      Math.min(1_000 * 2 ** attempt, 30_000) * (0.8 + Math.random() * 0.4),
    );
    attempt += 1;
  }

  function receive(event: ServerEvent): void {
    const desk = deskNow();
    if (meanwhile) meanwhile.push(event);
    else if (desk && event.seq >= desk.seq && !covers(desk, event)) loadSoon();
    change((before) => apply(before, event));
    if (event.name === 'conversation:updated' && event.conversationId === openId) see();
  }

  /** Tells the server that the open conversation is before somebody's eyes. */
  function see(): void {
    const unread = openId && deskNow()?.conversations[openId]?.unreadCount;
    if (!unread || !socket.connected || globalThis.document?.hidden) return;
    socket.emit('conversation:read', openId);
  }

  function catchUp(head: number): void {
    const after = deskNow()?.seq;
    if (after === undefined || after >= head) return;
    socket.timeout(10_000).emit('sync', { after }, (late: unknown, answer?: SyncAnswer) => {
      if (late || !answer?.ok) return;
      if (!answer.complete) return startOver(answer.seq);
      // What lies between and did not come is not for this user to see.
      change((desk) => ({ ...desk, seq: Math.max(desk.seq, answer.seq) }));
    });
  }

  /** The log no longer has what came before `head`: all that is shown has to be read again. */
  function startOver(head: number): void {
    change((desk) => ({ ...desk, seq: head }));
    openAfresh();
    void load();
  }

  function open(conversationId: string | null): void {
    if (conversationId === openId) return;
    openId = conversationId;
    openAfresh();
    see();
  }

  function openAfresh(): void {
    change((desk) => withThread(desk, openId));
    void loadOlder();
  }

  async function loadOlder(): Promise<void> {
    const thread = deskNow()?.thread;
    if (!thread || thread.history === 'loading' || thread.history === 'complete') return;
    const { conversationId, messages } = thread;
    change((desk) => withHistoryState(desk, conversationId, 'loading'));
    try {
      const page = await outside.fetchMessages(token, conversationId, messages[0]?.id);
      change((desk) => withHistory(desk, conversationId, page));
    } catch (problem) {
      if (isRefusal(problem)) return end();
      change((desk) => withHistoryState(desk, conversationId, 'failed'));
    }
  }

  function retry(): void {
    if (socket.connected || meanwhile) return;
    attempt = 0;
    // A socket between two tries is active but would wait for its turn.
    if (socket.active) socket.disconnect().connect();
    else void load();
  }

  function halt(): void {
    for (const timer of [loading, gathering, lagging]) clearTimeout(timer);
    globalThis.removeEventListener?.('online', retry);
    globalThis.document?.removeEventListener('visibilitychange', see);
    socket.removeAllListeners();
    socket.disconnect();
  }

  socket.on('connect', () => {
    const { engine } = socket.io;
    const tell = () => {
      const link = engine.transport.name === 'websocket' ? 'live' : 'polling';
      if (link === 'live') socket.io.opts.transports = websocketFirst;
      become({ ...state, link });
    };
    tell();
    see();
    engine.on('upgrade', tell);
  });
  socket.on('disconnect', (reason) => {
    clearTimeout(lagging);
    const link = globalThis.navigator?.onLine === false ? 'offline' : 'connecting';
    become({ ...state, link });
    // Closed on purpose: whether the token is still good, loading will tell.
    if (reason === 'io server disconnect') loadLater();
  });
  socket.on('connect_error', () => {
    become({ ...state, link: 'offline' });
    if (!socket.active) return loadLater();
    // A proxy may swallow the websocket's handshake; long-polling first gets through and upgrades.
    socket.io.opts.transports = pollingFirst;
  });
  socket.on('ready', ({ head, complete }: { head: number; complete: boolean }) => {
    if (!complete) startOver(head);
  });
  socket.on('heartbeat', ({ seq }: { seq: number }) => {
    clearTimeout(lagging);
    lagging = setTimeout(catchUp, lagMs, seq);
  });
  socket.on('auth:expired', end);
  for (const name of storedEvents) {
    socket.on(name, (payload: object) => receive({ name, ...payload } as ServerEvent));
  }
  globalThis.addEventListener?.('online', retry);
  globalThis.document?.addEventListener('visibilitychange', see);
  void load();

  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open,
    loadOlder,
    retry,
    disconnect: () => {
      end();
      listeners.clear();
      clearTimeout(notifying);
    },
  };
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function isRefusal(problem: unknown): boolean {
  return problem instanceof ApiError && problem.status === 401;
}
