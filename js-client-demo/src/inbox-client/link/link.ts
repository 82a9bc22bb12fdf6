import type { Renewal } from '../session';
import { type Settings, usualSettings } from '../settings';
import { Span } from '../span';
import type { Connection, ServerEvent, Signal } from '../types';
import type { Browser, Happening } from './browser';
import { Fallback } from './fallback';
import { Inflow } from './inflow';
import { type Line, Pulse } from './pulse';
import type { Ask } from './reading';
import { Retries } from './retries';
import { Rooms } from './rooms';
import { type Loss, type MakeSocket, openSocket } from './socket';
import { statusOf } from './status';

/** Who connects, and by which token; an agent's `Session` is one. */
export type Bearer = {
  getSnapshot: () => { by: 'agent' | 'visitor'; token: string } | { by: 'stranger' | 'expired' };
  token: () => Promise<string | null>;
  renew: (refused: string) => Promise<Renewal>;
};

/** What a link needs, and whom it tells. */
export type LinkWorld = {
  baseUrl: string;
  session: Bearer;
  ask: Ask;
  makeSocket: MakeSocket;
  browser: Browser;
  random: () => number;
  log: (line: string) => void;
  onConnection: (connection: Connection) => void;
  /** Events in order, each once; at most 500 at a time, and not more often than every 50 ms. */
  onEvents: (events: readonly ServerEvent[]) => void;
  onSignal: (signal: Signal) => void;
  /** What was missed is not to be had any more: everything shown has to be read afresh, then `begin`. */
  onGap: () => void;
  /** A socket is open. */
  onOpen: () => void;
};

const websocketFirst = ['websocket', 'polling'];
const pollingFirst = ['polling', 'websocket'];

/** How soon a websocket is tried again while something slower works, at first and at most. */
const betterMs = { first: 30_000, longest: 300_000 };

/**
 * The way to the server: a websocket where there is one, else whatever works, and back again.
 *
 * Every way reads the log on from the same frontier, so that changing ways neither loses nor repeats
 * anything. When a socket is lost, the fallback takes over at once while sockets are tried again, ever
 * less often; when one is open, the fallback ends.
 */
export class Link {
  readonly #world: LinkWorld;
  #settings: Settings = usualSettings;
  readonly #inflow: Inflow;
  readonly #rooms = new Rooms((name, id) => this.emit(name, id));
  readonly #retries: Retries;
  readonly #pulse: Pulse;
  #run: Span | null = null;
  #line: Line | null = null;
  #better: Line | null = null;
  #fallback: Fallback | null = null;
  #fallbackSpan: Span | null = null;
  #brings: 'sse' | 'poll' | null = null;
  #fallbackFailures = 0;
  #refused: string | null = null;
  #betterWaitMs = betterMs.first;
  #error: string | null = null;
  #isActive = false;
  #activeMs: number | null = null;
  #transports = websocketFirst;

  constructor(world: LinkWorld) {
    this.#world = world;
    this.#inflow = new Inflow(world.onEvents);
    this.#retries = new Retries(world);
    this.#pulse = new Pulse({
      point: () => this.point,
      isHidden: world.browser.isHidden,
      onMeasured: () => this.#tell(),
    });
  }

  /** Connects, and stays connected until `stop`. Events come once `begin` has said after which. */
  start(): void {
    if (this.#run) return;
    const run = new Span();
    this.#run = run;
    this.#refused = null;
    this.#retries.reset();
    run.atEnd(this.#world.browser.listen((what) => this.#hear(what)));
    if (this.#world.browser.isOnline()) this.#open();
    this.#tell();
  }

  /** Leaves no timer, no socket, no request and no listener. What has come is handed over first. */
  stop(): void {
    if (!this.#run) return;
    this.#inflow.drain();
    this.#hangUp();
    this.#run.end();
    this.#run = null;
    this.#tell();
  }

  /** What was shown was read as of event `seq`: the log is read on from there. */
  begin(seq: number): void {
    const isFirst = this.point === null;
    if (this.#run) this.#inflow.begin(seq, this.#run);
    if (isFirst) this.#fallback?.hurry();
  }

  /** The number up to which nothing is missing; `null` before `begin`. */
  get point(): number | null {
    return this.#inflow.point;
  }

  /** Tries again at once what would be tried later, or not any more. */
  retry(): void {
    if (!this.#run) return;
    this.#refused = null;
    this.#retries.reset();
    if (this.#line?.socket.carrier()) {
      void this.#probe(this.#line);
    } else {
      this.#fallback?.hurry();
      this.#open();
    }
  }

  /** The server's wishes are known now. */
  configure(settings: Settings): void {
    this.#settings = settings;
  }

  /** Whether a conversation is open: it is polled for more often. */
  setActive(isActive: boolean): void {
    if (this.#isActive === isActive) return;
    this.#isActive = isActive;
    if (isActive) this.#fallback?.hurry();
    else this.#fallback?.reschedule();
  }

  /** Polls an open conversation so often, in milliseconds, whatever the server wishes; `null` as it wishes. */
  pollEvery(activeMs: number | null): void {
    this.#activeMs = activeMs;
    this.#fallback?.reschedule();
  }

  /** Hears who types in a conversation, until the returned function is called. */
  join(id: string): () => void {
    return this.#rooms.join(id);
  }

  /** Says something that matters now or never: lost without a socket. */
  emit(name: string, id: string): void {
    this.#line?.socket.emit(name, id);
  }

  /** The server does not take the token: nothing is tried until `retry`. */
  refuse(why: string): void {
    this.#hangUp();
    this.#refused = why;
    this.#error = why;
    this.#tell();
  }

  // Sockets

  #open(): void {
    const run = this.#run;
    if (!run) return;
    this.#retries.callOff();
    this.#line?.span.end();
    this.#line = this.#dial(run, this.#transports);
    this.#tell();
  }

  #dial(run: Span, transports: string[]): Line {
    const span = run.within();
    const options = {
      transports,
      timeoutMs: this.#settings.websocket.timeoutMs,
      hello: async () => {
        await this.#inflow.begun();
        const token = await this.#world.session.token();
        return { token, after: await this.#inflow.begun() };
      },
    };
    const socket = openSocket(span, this.#world.makeSocket, this.#world.baseUrl, options, {
      onOpen: () => this.#opened(line),
      onCarrier: () => this.#carried(line),
      onLoss: (loss) => this.#lost(line, loss),
      onEvent: (event, from) => this.#inflow.receive(event, from, run),
      onSignal: this.#world.onSignal,
      onReached: (seq, from) => this.#inflow.reach(seq, from),
      onGap: () => this.#world.onGap(),
      onBeat: (seq) => this.#pulse.beat(line, seq),
      onExpired: () => this.#expired(line),
    });
    const line: Line = { span, socket };
    return line;
  }

  #opened(line: Line): void {
    if (line === this.#better) {
      this.#line?.span.end();
      this.#line = line;
      this.#better = null;
    }
    this.#betterWaitMs = betterMs.first;
    this.#retries.reset();
    this.#error = null;
    this.#world.log(
      this.#fallback
        ? 'Polling stopped - WebSocket reconnected'
        : 'Real-time connected successfully',
    );
    this.#endFallback();
    this.#rooms.enter();
    this.#carried(line);
    void this.#pulse.measure(line);
    this.#world.onOpen();
  }

  #carried(line: Line): void {
    if (line.socket.carrier() === 'websocket') {
      this.#transports = websocketFirst;
      this.#betterWaitMs = betterMs.first;
    } else this.#tryBetterLater(line);
    this.#tell();
  }

  /** A socket that polls works, but a websocket would be better. */
  #tryBetterLater(line: Line): void {
    line.span.after(this.#betterWaitMs, () => {
      if (line !== this.#line || line.socket.carrier() !== 'long-polling' || !this.#run) return;
      this.#betterWaitMs = Math.min(this.#betterWaitMs * 2, betterMs.longest);
      this.#better?.span.end();
      this.#better = this.#dial(this.#run, ['websocket']);
    });
  }

  #lost(line: Line, { why, isRefusal }: Loss): void {
    line.span.end();
    if (line === this.#better) {
      this.#better = null;
      if (this.#line) this.#tryBetterLater(this.#line);
      return;
    }
    if (line !== this.#line) return;
    this.#line = null;
    this.#pulse.latencyMs = null;
    if (isRefusal) return void this.#renew(why);
    this.#error = why;
    this.#world.log(why);
    // A proxy may swallow a websocket's handshake; polling first gets through, and moves up.
    this.#transports = this.#retries.fail() % 2 === 1 ? pollingFirst : websocketFirst;
    if (this.#world.browser.isOnline()) {
      this.#fallBack();
      this.#retryLater();
    }
    this.#tell();
  }

  #retryLater(): void {
    if (this.#run) this.#retries.later(this.#settings.backoff, this.#run, () => this.#open());
  }

  #expired(line: Line): void {
    if (line !== this.#line) return;
    line.span.end();
    this.#line = null;
    void this.#renew('the token has expired');
  }

  /** Gets another token, and connects with that; asks once, so that a bad token hammers nobody. */
  async #renew(why: string): Promise<void> {
    const run = this.#run;
    const visit = this.#world.session.getSnapshot();
    if (!('token' in visit)) return this.refuse(why);
    const renewal = await this.#world.session.renew(visit.token);
    if (run !== this.#run || !run || this.#refused) return;
    if (renewal === 'refused') return this.refuse(why);
    if (this.#retries.fail() === 1 && renewal === 'renewed') return this.#open();
    this.#fallBack();
    this.#retryLater();
    this.#tell();
  }

  /** After sleep a socket may look open and be dead: it answers within 3 s, or is given up. */
  async #probe(line: Line): Promise<void> {
    if (!(await this.#pulse.isDead(line))) return;
    this.#lost(line, { why: 'probe timeout', isRefusal: false });
  }

  // Without a socket

  #fallBack(): void {
    const run = this.#run;
    if (this.#fallback || !run) return;
    this.#world.log('Starting polling fallback...');
    const span = run.within();
    this.#fallbackSpan = span;
    this.#fallback = new Fallback(span, {
      ask: this.#world.ask,
      polling: () => {
        const { polling } = this.#settings;
        return { ...polling, activeMs: this.#activeMs ?? polling.activeMs };
      },
      isHidden: this.#world.browser.isHidden,
      isActive: () => this.#isActive,
      point: () => this.point,
      onEvent: (event, from) => this.#inflow.receive(event, from, run),
      onReached: (seq, from) => this.#inflow.reach(seq, from),
      onGap: this.#world.onGap,
      onState: (brings, failures, why) => {
        this.#brings = brings;
        this.#fallbackFailures = failures;
        this.#error = why ?? (brings ? null : this.#error);
        this.#tell();
      },
      onRefused: (why) => this.refuse(why),
    });
  }

  #endFallback(): void {
    this.#fallbackSpan?.end();
    this.#fallback = null;
    this.#fallbackSpan = null;
    this.#brings = null;
    this.#fallbackFailures = 0;
  }

  // The world outside

  #hear(what: Happening): void {
    // Only another token, or somebody who asks for it, changes that.
    if (this.#refused) return;
    if (what === 'offline') {
      this.#hangUp();
      this.#error = 'offline';
      this.#tell();
    } else if (what === 'hidden') {
      this.#fallback?.reschedule();
    } else {
      this.retry();
    }
  }

  #hangUp(): void {
    this.#retries.callOff();
    this.#endFallback();
    this.#line?.span.end();
    this.#better?.span.end();
    this.#line = null;
    this.#better = null;
    this.#pulse.latencyMs = null;
  }

  #tell(): void {
    const ways = {
      refused: this.#refused,
      isOnline: this.#run !== null && this.#world.browser.isOnline(),
      socket: this.#line?.socket.carrier() ?? null,
      fallback: this.#brings,
      socketFailures: this.#retries.failures,
      fallbackFailures: this.#fallbackFailures,
      hasGivenUp: this.#retries.hasGivenUp,
    };
    this.#world.onConnection({
      ...statusOf(ways),
      latencyMs: this.#pulse.latencyMs,
      attempt: this.#retries.failures,
      nextRetryAt: this.#retries.nextAt,
      error: this.#error,
    });
  }
}
