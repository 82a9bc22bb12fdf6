import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { usualSettings } from '../settings';
import { FakeSocket, linked, page, problem, stream, tick } from '../testing/fakes';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A link that has begun after event 100 and whose first socket is being opened. */
async function begun(...args: Parameters<typeof linked>) {
  const it = linked(...args);
  it.link.start();
  it.link.begin(100);
  await tick();
  return it;
}

/** One whose socket cannot be had, and will not be tried again in this test. */
async function socketless() {
  const it = await begun();
  const never = { delaysMs: [1e9], maxRetries: null };
  it.link.configure({
    ...usualSettings,
    backoff: { profile: 'never', profiles: { never } },
  });
  FakeSocket.last.fails();
  await tick();
  return it;
}

describe('with a websocket', () => {
  test('it is connected, and knows the time to the server and back', async () => {
    const { link, told } = await begun();
    expect(told.connection).toMatchObject({ status: 'connecting', transport: null });

    FakeSocket.last.opens();
    await tick();

    expect(told.connection).toMatchObject({
      status: 'connected',
      transport: 'websocket',
      latencyMs: expect.any(Number),
    });
    expect(told.logs).toEqual(['Real-time connected successfully']);
    link.stop();
  });

  test('the handshake waits for the snapshot, and says after which event to go on', async () => {
    const { link } = linked();
    link.start();
    await tick(500);
    expect(FakeSocket.last.hello).toBeNull();

    link.begin(7);
    await tick();

    expect(FakeSocket.last.hello).toEqual({ token: 'first', after: 7 });
    link.stop();
  });

  test('events come in batches of at most 500, not more often than every 50 ms', async () => {
    const { link, told, seqs } = await begun();
    FakeSocket.last.opens();

    FakeSocket.last.tells(...Array.from({ length: 1_000 }, (_, index) => 101 + index));
    await tick(200);

    expect(seqs()).toHaveLength(1_000);
    expect(told.batches.map(({ length }) => length)).toEqual([500, 500]);
    link.stop();
  });

  test('a repeat is dropped', async () => {
    const { link, seqs } = await begun();
    FakeSocket.last.opens();

    FakeSocket.last.tells(101, 101, 100, 102, 101);
    await tick(60);

    expect(seqs()).toEqual([101, 102]);
    link.stop();
  });

  test('when the server is ahead for 2 s, what is missing is asked for', async () => {
    const { link } = await begun();
    const asked: number[] = [];
    FakeSocket.last.answer = (after) => {
      asked.push(after);
      return { ok: true, seq: Math.max(after, 105), complete: true };
    };
    FakeSocket.last.opens();
    await tick();
    asked.length = 0;

    FakeSocket.last.hear('heartbeat', { seq: 105 });
    await tick(1_999);
    expect(asked).toEqual([]);
    await tick(1);

    // The first measuring has already told that nothing up to 105 is for us.
    expect(asked).toEqual([]);
    expect(link.point).toBe(105);
    FakeSocket.last.hear('heartbeat', { seq: 110 });
    await tick(2_000);
    expect(asked).toEqual([105]);
    link.stop();
  });

  test('who types is told at once, and not in batches', async () => {
    const { link, told } = await begun();
    FakeSocket.last.opens();

    for (let key = 0; key < 3; key += 1) FakeSocket.last.hear('typing:start', {});

    expect(told.signals).toBe(3);
    link.stop();
  });

  test('rooms are joined again after a reconnection, and left when the last has left', async () => {
    const { link } = await begun();
    const leave = link.join('c');
    const leaveToo = link.join('c');
    FakeSocket.last.opens();
    FakeSocket.last.isCut();
    await tick(1_000);

    FakeSocket.last.opens();
    expect(FakeSocket.last.emitted).toEqual([['conversation:join', 'c']]);
    leave();
    leaveToo();

    expect(FakeSocket.last.emitted.at(-1)).toEqual(['conversation:leave', 'c']);
    expect(FakeSocket.last.emitted).toHaveLength(2);
    link.stop();
  });

  test('the latency is measured every 15 s, and every 60 s in a hidden tab', async () => {
    const { link, browser } = await begun();
    let measured = 0;
    FakeSocket.last.answer = (after) => {
      measured += 1;
      return { ok: true, seq: after, complete: true };
    };
    FakeSocket.last.opens();
    await tick(45_000);
    expect(measured).toBe(4);

    browser.becomes('hidden');
    await tick(15_000);
    await tick(120_000);

    expect(measured).toBe(7);
    link.stop();
  });
});

describe('without a websocket', () => {
  test('after exactly 10 s without an answer, it polls', async () => {
    const { link, told, http, way } = await begun();
    await tick(9_999);
    expect(way()).toBe('connecting/null');
    expect(http.polls).toEqual([]);

    await tick(1);

    expect(way()).toBe('polling/poll');
    expect(told.logs).toContain('WebSocket timeout, falling back to polling');
    expect(told.logs).toContain('Starting polling fallback...');
    link.stop();
  });

  test('when the socket is refused by the network, it polls at once', async () => {
    const { link, way } = await begun();

    FakeSocket.last.fails();
    await tick();

    expect(way()).toBe('polling/poll');
    link.stop();
  });

  test('it polls every 3 s with an open conversation, every 30 s without', async () => {
    const { link, http } = await socketless();
    link.setActive(true);
    await tick();
    const before = http.polls.length;
    await tick(9_000);
    expect(http.polls.length - before).toBe(3);

    link.setActive(false);
    await tick(29_999);
    expect(http.polls.length - before).toBe(3);
    await tick(1);

    expect(http.polls.length - before).toBe(4);
    link.stop();
  });

  test('a pollingInterval of the page takes the place of the 3 s', async () => {
    const { link, http } = await socketless();
    link.pollEvery(1_000);
    link.setActive(true);
    await tick();
    const before = http.polls.length;

    await tick(5_000);

    expect(http.polls.length - before).toBe(5);
    link.stop();
  });

  test('a hidden tab does not poll, and does at once when it is seen again', async () => {
    const { link, http, browser } = await socketless();
    browser.becomes('hidden');
    const before = http.polls.length;
    await tick(600_000);
    expect(http.polls.length).toBe(before);

    browser.becomes('visible');
    await tick();

    expect(http.polls.length).toBe(before + 1);
    link.stop();
  });

  test('two polls are never under way at once', async () => {
    const it = await begun();
    let [under, most] = [0, 0];
    it.http.page = async (after) => {
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      under -= 1;
      return page([], after);
    };
    it.link.setActive(true);
    FakeSocket.last.fails();

    for (let second = 0; second < 60; second += 1) {
      it.link.setActive(second % 2 === 0);
      await tick(1_000);
    }

    expect(most).toBe(1);
    it.link.stop();
  });

  test('a poll that is not answered within 10 s is given up', async () => {
    const { link, http, told } = await begun();
    http.page = () => new Promise(() => {});
    FakeSocket.last.fails();
    await tick(9_999);
    expect(told.connection?.status).toBe('connecting');

    await tick(1);

    expect(told.connection?.status).toBe('disconnected');
    link.stop();
  });

  test('after errors it polls after 1, 2, 5, 10, 10 s; five in a row are an error, and it goes on', async () => {
    const it = await begun();
    it.http.page = () => problem(503);
    it.link.configure({
      ...usualSettings,
      backoff: { profile: 'x', profiles: { x: { delaysMs: [1e9], maxRetries: null } } },
    });
    FakeSocket.last.fails();
    const at: number[] = [];
    const ways: (string | undefined)[] = [];
    const start = Date.now();
    for (let second = 0; second < 30; second += 1) {
      await tick();
      while (it.http.polls.length > at.length) {
        at.push((Date.now() - start) / 1_000);
        ways.push(it.way());
      }
      await tick(1_000);
    }

    expect(at).toEqual([0, 1, 3, 8, 18, 28]);
    expect(ways[3]).toBe('disconnected/null');
    expect(ways[4]).toBe('error/null');
    it.http.page = (after) => page([], after);
    await tick(10_000);
    expect(it.way()).toBe('polling/poll');
    it.link.stop();
  });

  test('where a stream gets through, it listens to that and does not poll; it polls when it ends', async () => {
    const it = await begun();
    const events = stream();
    it.http.stream = () => events.response;
    FakeSocket.last.fails();
    await tick();
    events.says(': connected\n\n');
    await tick();
    expect(it.way()).toBe('polling/sse');
    const polls = it.http.polls.length;

    const [head, rest] = [
      'event: message:updated\nid: 101\ndata: {"seq":101,"conver',
      'sationId":"c"}\n\n',
    ];
    events.says(head);
    await tick(40_000);
    FakeSocket.all.at(-1)?.fails();
    events.says(rest);
    events.tells(102);
    await tick(60);
    expect(it.seqs()).toEqual([101, 102]);
    expect(it.http.polls.length).toBe(polls);

    events.ends();
    await tick();
    expect(it.way()).toBe('polling/poll');
    expect(it.http.polls.at(-1)).toBe(102);
    it.link.stop();
  });

  test('a stream that a proxy holds back does not stop the polling', async () => {
    const it = await socketless();
    it.http.stream = () => stream().response;
    it.link.setActive(true);
    await tick(60_000);
    const before = it.http.polls.length;

    await tick(9_000);

    expect(it.http.polls.length - before).toBe(3);
    it.link.stop();
  });

  test('a stream that says nothing for 45 s is dead', async () => {
    const it = await begun();
    const events = stream();
    it.http.stream = () => events.response;
    FakeSocket.last.fails();
    await tick();
    events.says(': connected\n\n');
    await tick(44_999);
    for (const socket of FakeSocket.open) socket.fails();
    expect(it.way()).toBe('polling/sse');

    await tick(1);

    expect(it.way()).toBe('polling/poll');
    it.link.stop();
  });

  test('Socket.IO over long-polling is polling, and becomes connected when it moves up', async () => {
    const { link, way } = await begun();
    FakeSocket.last.opens('polling');
    await tick();
    expect(way()).toBe('polling/long-polling');

    FakeSocket.last.movesUp();

    expect(way()).toBe('connected/websocket');
    link.stop();
  });

  test('while it is polling by Socket.IO, a websocket is tried in the background, and takes over', async () => {
    const { link, way, seqs } = await begun();
    const slow = FakeSocket.last;
    slow.opens('polling');
    slow.tells(101);
    await tick(29_999);
    expect(FakeSocket.all).toHaveLength(1);
    await tick(1);
    expect(FakeSocket.last.options.transports).toEqual(['websocket']);
    expect(FakeSocket.last.hello).toEqual({ token: 'first', after: 101 });
    expect(way()).toBe('polling/long-polling');

    slow.tells(102);
    FakeSocket.last.opens();
    FakeSocket.last.tells(102, 103);
    await tick(60);

    expect(way()).toBe('connected/websocket');
    expect(slow.isClosed).toBe(true);
    expect(seqs()).toEqual([101, 102, 103]);
    link.stop();
  });

  test('a background try that fails leaves what works, and comes ever less often', async () => {
    const { link, way } = await begun();
    FakeSocket.last.opens('polling');
    await tick(30_000);
    FakeSocket.last.fails();
    expect(way()).toBe('polling/long-polling');
    expect(FakeSocket.open).toHaveLength(1);

    await tick(59_999);
    expect(FakeSocket.all).toHaveLength(2);
    await tick(1);

    expect(FakeSocket.all).toHaveLength(3);
    link.stop();
  });
});

describe('when the socket is lost', () => {
  test('it is tried again after 1, 2, 4, 8, 16, 30, 30 s', async () => {
    const { link, told } = await begun();
    const waits: number[] = [];

    for (let each = 0; each < 7; each += 1) {
      const before = FakeSocket.all.length;
      FakeSocket.last.fails();
      let waited = 0;
      while (FakeSocket.all.length === before) {
        await tick(500);
        waited += 0.5;
      }
      waits.push(waited);
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(told.logs).toContain('Retrying connection in 2000ms (attempt 2)');
    link.stop();
  });

  test.each([
    [0, 800],
    [0.999_999, 1_200],
  ])('the wait differs by up to 20 %% (chance %d)', async (chance, wait) => {
    const { link, told } = await begun({ random: () => chance });

    FakeSocket.last.fails();

    expect((told.connection?.nextRetryAt ?? 0) - Date.now()).toBe(wait);
    link.stop();
  });

  test('by the profile of steps it is tried again after 1, 2, 5, 10, 10 s, and then given up', async () => {
    const it = await begun();
    const steps = { delaysMs: [1_000, 2_000, 5_000, 10_000], maxRetries: 5 };
    it.link.configure({ ...usualSettings, backoff: { profile: 'steps', profiles: { steps } } });
    it.http.page = () => new TypeError('no network');
    for (const wait of [1, 2, 5, 10, 10]) {
      const before = FakeSocket.all.length;
      FakeSocket.last.fails();
      await tick(wait * 1_000 - 1);
      expect(FakeSocket.all).toHaveLength(before);
      await tick(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
    const before = FakeSocket.all.length;

    FakeSocket.last.fails();
    await tick(600_000);

    expect(it.way()).toBe('error/null');
    expect(FakeSocket.all).toHaveLength(before);
    it.link.retry();
    expect(FakeSocket.all).toHaveLength(before + 1);
    it.link.stop();
  });

  test('websocket first and polling first take turns, until a websocket works', async () => {
    const { link } = await begun();
    const tried = [FakeSocket.last.options.transports[0]];
    for (let each = 0; each < 3; each += 1) {
      FakeSocket.last.fails();
      await tick(10_000);
      tried.push(FakeSocket.last.options.transports[0]);
    }

    expect(tried).toEqual(['websocket', 'polling', 'websocket', 'polling']);
    FakeSocket.last.opens();
    FakeSocket.last.isCut();
    await tick(1_000);
    FakeSocket.last.opens();
    FakeSocket.last.isCut();
    expect(FakeSocket.all.at(-1)?.options.transports).toBeDefined();
    link.stop();
  });

  test('polling stops when it is back, and that is said', async () => {
    const { link, http, told, way } = await begun();
    FakeSocket.last.fails();
    await tick(1_000);
    FakeSocket.last.opens();
    await tick();
    const before = http.polls.length + http.streams;
    expect(way()).toBe('connected/websocket');

    await tick(600_000);

    expect(http.polls.length + http.streams).toBe(before);
    expect(told.logs).toContain('Polling stopped - WebSocket reconnected');
    link.stop();
  });

  test('every way goes on from the same event, and none tells what another has told', async () => {
    const it = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.tells(101, 102);
    it.http.page = (after) =>
      page(
        [101, 102, 103].filter((seq) => seq > after),
        103,
      );
    FakeSocket.last.isCut();
    await tick(1_000);

    expect(it.http.polls[0]).toBe(102);
    expect(FakeSocket.last.hello?.after).toBe(103);
    FakeSocket.last.opens();
    FakeSocket.last.tells(103, 104);
    await tick(60);

    expect(it.seqs()).toEqual([101, 102, 103, 104]);
    it.link.stop();
  });

  test('a poll reads on until there is no more', async () => {
    const it = await begun();
    it.http.page = (after) => (after < 103 ? page([after + 1], after + 1, true) : page([], 103));

    FakeSocket.last.fails();
    await tick(60);

    expect(it.seqs()).toEqual([101, 102, 103]);
    expect(it.http.polls).toEqual([100, 101, 102, 103]);
    it.link.stop();
  });
});

describe('when the log no longer has what was missed', () => {
  test('the page is told once to read afresh, and what comes meanwhile is held back', async () => {
    const { link, told, seqs } = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
    FakeSocket.last.tells(901, 902);
    await tick(60);
    expect(told.gaps).toBe(1);
    expect(seqs()).toEqual([]);

    link.begin(901);
    await tick(60);

    expect(seqs()).toEqual([902]);
    expect(link.point).toBe(902);
    link.stop();
  });

  test('what is held back is shown after 3 s, and the frontier stays where the gap begins', async () => {
    const { link, seqs } = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
    FakeSocket.last.tells(902, 901);
    await tick(2_900);
    expect(seqs()).toEqual([]);

    await tick(200);
    FakeSocket.last.isCut();
    await tick(1_000);

    expect(seqs()).toEqual([901, 902]);
    expect(FakeSocket.last.hello?.after).toBe(100);
    link.stop();
  });

  test('what was shown out of turn is not shown again when the gap is closed', async () => {
    const { link, seqs } = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
    FakeSocket.last.tells(901, 902);
    await tick(3_100);

    link.begin(900);
    FakeSocket.last.isCut();
    await tick(1_000);
    FakeSocket.last.opens();
    FakeSocket.last.tells(901, 902, 903);
    await tick(60);

    expect(seqs()).toEqual([901, 902, 903]);
    link.stop();
  });

  test('a poll that is answered 410 says so too', async () => {
    const it = await begun();
    it.http.page = () => problem(410, 'resync_required');

    FakeSocket.last.fails();
    await tick();

    expect(it.told.gaps).toBe(1);
    it.link.stop();
  });

  test('a stream that cannot go on says so too', async () => {
    const it = await begun();
    const events = stream();
    it.http.stream = () => events.response;
    FakeSocket.last.fails();
    await tick();

    events.says('event: resync_required\ndata: {}\n\n');
    await tick();

    expect(it.told.gaps).toBe(1);
    it.link.stop();
  });
});

describe('with the browser', () => {
  test('offline ends everything at once, online begins again without a wait', async () => {
    const { link, browser, told, http } = await begun();
    FakeSocket.last.opens();
    browser.becomes('offline');
    expect(told.connection).toMatchObject({ status: 'disconnected', error: 'offline' });
    expect(FakeSocket.open).toEqual([]);
    await tick(120_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(http.polls).toEqual([]);

    browser.becomes('online');

    expect(FakeSocket.open).toHaveLength(1);
    link.stop();
  });

  test('after sleep a dead socket is found within 3 s', async () => {
    const { link, browser, told } = await begun();
    FakeSocket.last.opens();
    await tick();
    FakeSocket.last.answer = null;
    await tick(1);

    browser.becomes('visible');
    await tick(2_999);
    expect(told.connection?.status).toBe('connected');
    await tick(1);

    expect(told.connection?.status).not.toBe('connected');
    expect(told.logs).toContain('probe timeout');
    link.stop();
  });

  test('after sleep a socket that is busy telling is not given up', async () => {
    const { link, browser, told } = await begun();
    FakeSocket.last.opens();
    await tick(1);
    FakeSocket.last.answer = null;

    browser.becomes('visible');
    await tick(1_000);
    FakeSocket.last.tells(101);
    await tick(2_000);

    expect(told.connection?.status).toBe('connected');
    link.stop();
  });
});

describe('with the token', () => {
  test('one that has expired is exchanged, and it connects with the next', async () => {
    const { link, session, way } = await begun();

    FakeSocket.last.refuses('the token has expired');
    await tick();
    expect(FakeSocket.last.hello?.token).toBe('next');
    FakeSocket.last.opens();

    expect(session.renewals).toBe(1);
    expect(way()).toBe('connected/websocket');
    link.stop();
  });

  test('one that expires while it is connected is exchanged too', async () => {
    const { link, session } = await begun();
    FakeSocket.last.opens();

    FakeSocket.last.hear('auth:expired', {});
    await tick();

    expect(session.renewals).toBe(1);
    expect(FakeSocket.last.hello?.token).toBe('next');
    expect(FakeSocket.open).toHaveLength(1);
    link.stop();
  });

  test('one that is not taken is an error, and nobody is hammered', async () => {
    const { link, browser, http, session, way } = await begun();
    session.fate = 'refused';
    FakeSocket.last.refuses('the session has ended');
    await tick();
    expect(way()).toBe('error/null');
    const before = FakeSocket.all.length;

    browser.becomes('hidden');
    browser.becomes('visible');
    browser.becomes('online');
    await tick(600_000);

    expect(FakeSocket.all).toHaveLength(before);
    expect(http.polls).toEqual([]);
    link.retry();
    expect(FakeSocket.all).toHaveLength(before + 1);
    link.stop();
  });

  test("a proxy's 403 is not the server's: polling goes on", async () => {
    const { link, http, way } = await begun();
    http.page = () => problem(403);
    FakeSocket.last.fails();
    await tick();
    expect(way()).toBe('disconnected/null');

    http.page = (after) => page([], after);
    await tick(1_000);

    expect(way()).toBe('polling/poll');
    link.stop();
  });

  test('a poll that the server does not take the token of is an error', async () => {
    const { link, http, way } = await begun();
    http.page = () => problem(401, 'session_ended');

    FakeSocket.last.fails();
    await tick(60_000);

    expect(way()).toBe('error/null');
    expect(http.polls).toHaveLength(1);
    link.stop();
  });

  test('a next one that is not taken either does not make it try without a pause', async () => {
    const { link } = await begun();
    FakeSocket.last.refuses('the token has expired');
    await tick();
    const before = FakeSocket.all.length;

    FakeSocket.last.refuses('the token has expired');
    await tick(500);

    expect(FakeSocket.all).toHaveLength(before);
    link.stop();
  });
});

describe('at the end', () => {
  const states: [string, (it: Awaited<ReturnType<typeof begun>>) => unknown][] = [
    ['being opened', () => {}],
    ['connected', () => FakeSocket.last.opens()],
    [
      'on long-polling, a websocket being tried',
      () => {
        FakeSocket.last.opens('polling');
        return tick(30_000);
      },
    ],
    ['refused by the network', () => FakeSocket.last.fails()],
    [
      'cut',
      () => {
        FakeSocket.last.opens();
        FakeSocket.last.isCut();
      },
    ],
    ['late', () => tick(10_500)],
    [
      'holding events back',
      () => {
        FakeSocket.last.opens();
        FakeSocket.last.hear('ready', { seq: 900, head: 900, complete: false });
        FakeSocket.last.tells(901);
      },
    ],
    [
      'waiting for an answer',
      ({ http }) => {
        http.page = () => new Promise(() => {});
        FakeSocket.last.fails();
      },
    ],
    [
      'on a stream',
      async ({ http }) => {
        const events = stream();
        http.stream = () => events.response;
        FakeSocket.last.fails();
        await tick();
        events.says(':\n\n');
      },
    ],
    [
      'told of a lag',
      () => {
        FakeSocket.last.opens();
        FakeSocket.last.hear('heartbeat', { seq: 999 });
      },
    ],
  ];

  test.each(states)('no timer, socket or listener is left: %s', async (_, happens) => {
    const it = await begun();
    await happens(it);
    await tick(7);

    it.link.stop();
    await tick();

    expect(vi.getTimerCount()).toBe(0);
    expect(FakeSocket.open).toEqual([]);
    expect(it.browser.hearers).toBe(0);
    const before = FakeSocket.all.length + it.http.polls.length + it.http.streams;
    await tick(600_000);
    expect(FakeSocket.all.length + it.http.polls.length + it.http.streams).toBe(before);
  });

  test('what has come is handed over before it ends', async () => {
    const { link, seqs } = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.tells(101);

    link.stop();

    expect(seqs()).toEqual([101]);
    expect(link.point).toBe(101);
  });

  test('start, stop and start again end with one socket that goes on from where it was', async () => {
    const { link, way } = await begun();
    FakeSocket.last.opens();
    FakeSocket.last.tells(101);
    link.stop();
    link.start();
    await tick();

    expect(FakeSocket.open).toHaveLength(1);
    expect(FakeSocket.last.hello?.after).toBe(101);
    FakeSocket.last.opens();
    await tick();
    expect(way()).toBe('connected/websocket');
    link.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
