import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Publisher } from '../../tests/clients/chaos/publisher.mjs';
import { Random } from '../../tests/clients/chaos/random.mjs';
import { Server } from '../../tests/clients/chaos/server.mjs';
import { tokenOf } from '../../tests/clients/chaos/token.mjs';
import { chatsOf, Inbox, openSession } from '../src/inbox-client';
import { memoryStorage } from '../src/inbox-client/storage';
import { Front, TREATMENTS, WAYS } from './front.mjs';

const program = fileURLToPath(new URL('../../target/debug/recado', import.meta.url));
const settings = {
  tenant: 'acme',
  phone: 'acme-phone',
  secret: 'a secret that is long enough to be one',
};

/** The server's own settings, quickened, so that the test need not wait for half a minute. */
const quick = {
  websocket: { timeoutMs: 1_500 },
  polling: {
    activeMs: 200,
    inactiveMs: 200,
    backgroundMs: 0,
    fallbackMs: 200,
    errorBackoffMs: [100, 200],
  },
  backoff: {
    profile: 'exponential',
    profiles: { exponential: { delaysMs: [300, 600, 1_200], maxRetries: null } },
  },
  cache: { maxMessages: 100, ttlMs: 300_000 },
};

/** Seeded, so that what has failed once fails again. */
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

describe.skipIf(!existsSync(program))(`a page whose proxy misbehaves (CHAOS_SEED=${seed})`, () => {
  const random = new Random(seed);
  let server;
  let front;
  let inbox;
  const heard = [];
  const used = new Set();
  let publisher;

  beforeAll(async () => {
    server = await Server.start(program, settings, random);
    front = await Front.open(server.port, quick);
    const storage = memoryStorage();
    storage.setItem('token', tokenOf('ada', settings.tenant, settings.secret));
    inbox = new Inbox(openSession({ baseUrl: front.url, storage }), {
      baseUrl: front.url,
      storage,
      log: () => {},
    });
    inbox.listen((events) => heard.push(...events));
    inbox.subscribe(() => used.add(inbox.getSnapshot().connection.transport));
    inbox.start();
    publisher = new Publisher(server.url, settings.phone, 2_000, random);
  }, 90_000);

  afterAll(() => {
    inbox?.stop();
    front?.close();
  });

  // While something slower works, a websocket is tried only every 30 s.
  const carriedBy = (transport) =>
    expect
      .poll(() => inbox.getSnapshot().connection.transport, { timeout: 60_000 })
      .toBe(transport);

  test('uses each way that is left, hears every event once and in order, and comes back to Live', async () => {
    let last = 0;
    const say = (messages) => {
      last += messages;
      return publisher.publish(last, 400);
    };
    await carriedBy('websocket');
    await say(50);

    front.treat({ websocket: 'refuse' });
    await Promise.all([carriedBy('long-polling'), say(50)]);
    front.treat({ websocket: 'hang' });
    await Promise.all([carriedBy('long-polling'), say(50)]);
    front.treat({ 'long-polling': 'refuse' });
    await Promise.all([carriedBy('sse'), say(50)]);
    front.treat({ sse: 'buffer' });
    await Promise.all([carriedBy('poll'), say(50)]);

    for (let round = 0; round < 15; round += 1) {
      const treated = WAYS.map((way) => [way, random.pick(TREATMENTS)]);
      front.treat(Object.fromEntries(treated));
      if (round === 7) await server.killAndRestart();
      await say(40);
    }

    front.treat(Object.fromEntries(WAYS.map((way) => [way, 'pass'])));
    await carriedBy('websocket');
    expect(inbox.getSnapshot().connection.status).toBe('connected');
    const token = tokenOf('bia', settings.tenant, settings.secret);
    const headers = { Authorization: `Bearer ${token}` };
    const { seq: head } = await (await fetch(`${server.url}/api/board`, { headers })).json();
    await expect.poll(() => heard.at(-1)?.seq, { timeout: 10_000 }).toBe(head);
    // What was there before the page was, it has not heard but read.
    const first = heard[0].seq;
    expect(heard.map(({ seq }) => seq)).toEqual(
      Array.from({ length: head - first + 1 }, (_, index) => first + index),
    );
    const contents = heard
      .filter(({ name }) => name === 'message:new')
      .map(({ message }) => message.content);
    expect(contents.sort()).toEqual(
      Array.from({ length: last }, (_, index) => `message ${index + 1}`).sort(),
    );
    for (const way of WAYS) expect(used).toContain(way);
  }, 240_000);

  test('shows in the end what a page shows that is opened now', async () => {
    const token = tokenOf('bia', settings.tenant, settings.secret);
    const storage = memoryStorage();
    storage.setItem('token', token);
    const other = new Inbox(openSession({ baseUrl: server.url, storage }), {
      baseUrl: server.url,
      storage,
      log: () => {},
    });
    other.start();
    await expect.poll(() => other.getSnapshot().phase).toBe('ready');
    for (const each of [inbox, other]) {
      for (let cursor; cursor !== null; ) cursor = await each.loadChats({}, cursor, 200);
    }

    expect(inbox.getSnapshot().stages).toEqual(other.getSnapshot().stages);
    expect(chatsOf(inbox.getSnapshot())).toEqual(chatsOf(other.getSnapshot()));
    other.stop();
  }, 30_000);

  test('does not ask for anything once it is Live', async () => {
    const before = { ...front.seen };

    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect(front.seen).toEqual(before);
  });
});
