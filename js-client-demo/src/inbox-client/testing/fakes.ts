import { vi } from 'vitest';
import type { Browser, Happening } from '../link/browser';
import { Link, type LinkWorld } from '../link/link';
import type { MakeSocket } from '../link/socket';
import type { Renewal, Session, Visit } from '../session';
import type { Connection, ServerEvent } from '../types';

type Listener = (...args: never[]) => void;

/** A socket whose server is the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];

  readonly options: { transports: string[]; timeout: number };
  readonly emitted: [string, unknown][] = [];
  readonly io = {
    engine: {
      transport: { name: 'websocket' },
      on: (_: string, listener: () => void) => {
        this.#upgraded = listener;
      },
      removeAllListeners: () => {},
    },
  };
  connected = false;
  isClosed = false;
  hello: { token: string | null; after: number } | null = null;
  /** What is answered to `sync`; nothing, for a socket that is dead. */
  answer: ((after: number) => object) | null = (after) => ({
    ok: true,
    seq: after,
    complete: true,
  });
  #upgraded = () => {};
  readonly #listeners = new Map<string, Listener>();
  readonly #auth: (give: (hello: never) => void) => void;

  constructor(options: unknown) {
    const given = options as FakeSocket['options'] & { auth: (give: (it: never) => void) => void };
    this.options = given;
    this.#auth = given.auth;
    FakeSocket.all.push(this);
  }

  /** Those that have not been closed. */
  static get open(): FakeSocket[] {
    return FakeSocket.all.filter(({ isClosed }) => !isClosed);
  }

  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error('there is no socket yet');
    return last;
  }

  // What socket.io-client has

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  connect(): void {
    this.#auth((hello) => {
      this.hello = hello;
    });
  }

  disconnect(): void {
    this.connected = false;
    this.isClosed = true;
  }

  removeAllListeners(): void {
    this.#listeners.clear();
  }

  emit(name: string, argument: unknown): void {
    this.emitted.push([name, argument]);
  }

  timeout(ms: number) {
    return {
      emitWithAck: (_: string, { after }: { after: number }) =>
        new Promise((resolve, reject) => {
          const { answer } = this;
          if (answer) resolve(answer(after));
          else setTimeout(reject, ms, new Error('operation has timed out'));
        }),
    };
  }

  // What its server does

  hear(name: string, ...args: unknown[]): void {
    this.#listeners.get(name)?.(...(args as never[]));
  }

  opens(by: 'websocket' | 'polling' = 'websocket'): void {
    this.io.engine.transport.name = by;
    this.connected = true;
    this.hear('connect');
  }

  movesUp(): void {
    this.io.engine.transport.name = 'websocket';
    this.#upgraded();
  }

  fails(message = 'websocket error'): void {
    this.hear('connect_error', Object.assign(new Error(message), { type: 'TransportError' }));
  }

  refuses(message: string): void {
    this.hear('connect_error', new Error(message));
  }

  isCut(): void {
    this.connected = false;
    this.hear('disconnect', 'transport close');
  }

  tells(...seqs: number[]): void {
    for (const seq of seqs) this.hear('message:updated', payload(seq), String(seq));
  }
}

/** Whether the browser is online and seen, as the test says. */
export class FakeBrowser implements Browser {
  online = true;
  hidden = false;
  readonly #hearers = new Set<(what: Happening) => void>();

  isOnline = () => this.online;
  isHidden = () => this.hidden;
  listen = (hear: (what: Happening) => void) => {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  };

  get hearers(): number {
    return this.#hearers.size;
  }

  becomes(what: Happening): void {
    if (what === 'online' || what === 'offline') this.online = what === 'online';
    else this.hidden = what === 'hidden';
    for (const hear of this.#hearers) hear(what);
  }
}

/** A session whose server is the test. */
export class FakeSession implements Session {
  visit: Visit = { by: 'agent', token: 'first', profile: null };
  renewals = 0;
  /** What becomes of a renewal. */
  fate: Renewal = 'renewed';
  readonly #listeners = new Set<() => void>();

  getSnapshot = () => this.visit;
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  becomes(visit: Visit): void {
    this.visit = visit;
    for (const listener of this.#listeners) listener();
  }
  token = async () => (this.visit.by === 'agent' ? this.visit.token : null);
  renew = async () => {
    this.renewals += 1;
    if (this.fate === 'renewed') this.becomes({ by: 'agent', token: 'next', profile: null });
    if (this.fate === 'refused') this.becomes({ by: 'expired' });
    return this.fate;
  };
  signIn = async () => {};
  signOut = async () => {};
  close = () => {};
}

/** A link, all that it needs, and all that it told. */
export function linked(differently: Partial<LinkWorld> = {}) {
  FakeSocket.all = [];
  const browser = new FakeBrowser();
  const session = new FakeSession();
  const told = {
    batches: [] as (readonly ServerEvent[])[],
    ways: [] as string[],
    logs: [] as string[],
    gaps: 0,
    signals: 0,
    connection: null as Connection | null,
  };
  const http = {
    /** What polls asked for. */
    polls: [] as number[],
    streams: 0,
    page: (after: number): unknown => page([], after),
    stream: (): Response | Promise<Response> => problem(404),
  };
  const ask = vi.fn(async (path: string, init: RequestInit) => {
    const url = new URL(path, 'http://server');
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    });
    if (url.pathname === '/api/events/stream') {
      http.streams += 1;
      return Promise.race([http.stream(), aborted]);
    }
    const after = Number(url.searchParams.get('after'));
    http.polls.push(after);
    const answer = await Promise.race([http.page(after), aborted]);
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer));
  });
  const link = new Link({
    baseUrl: 'http://server',
    session,
    ask,
    makeSocket: ((_: string, options: unknown) => new FakeSocket(options)) as unknown as MakeSocket,
    browser,
    random: () => 0.5,
    log: (line) => told.logs.push(line),
    onConnection: (connection) => {
      told.connection = connection;
      const way = `${connection.status}/${connection.transport}`;
      if (told.ways.at(-1) !== way) told.ways.push(way);
    },
    onEvents: (events) => told.batches.push(events),
    onSignal: () => {
      told.signals += 1;
    },
    onGap: () => {
      told.gaps += 1;
    },
    onOpen: () => {},
    ...differently,
  });
  return {
    link,
    browser,
    session,
    http,
    told,
    seqs: () => told.batches.flat().map(({ seq }) => seq),
    way: () => told.ways.at(-1),
  };
}

export const page = (seqs: number[], seq = seqs.at(-1), hasMore = false) => ({
  events: seqs.map((each) => ({ seq: each, event: 'message:updated', data: payload(each) })),
  seq,
  hasMore,
});

export const problem = (status: number, code?: string) =>
  new Response(JSON.stringify({ code }), { status });

/** A stream that the test writes to. */
export function stream() {
  let to: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      to = controller;
    },
  });
  return {
    response: new Response(body),
    says: (text: string) => to?.enqueue(new TextEncoder().encode(text)),
    tells: (seq: number) =>
      to?.enqueue(
        new TextEncoder().encode(
          `event: message:updated\nid: ${seq}\ndata: ${JSON.stringify(payload(seq))}\n\n`,
        ),
      ),
    ends: () => to?.close(),
  };
}

export const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

const payload = (seq: number) => ({ seq, conversationId: 'c', message: { id: `m${seq}` } });
