// A page that stays open for a working day: row A5 of docs/client.md.

import type { Route } from 'playwright-core';
import { Chat, expect, test, until } from '../world';
import { Colleague } from '../world/colleague';
import type { Customer } from '../world/customer';
import { holds } from '../world/effort';
import type { World } from '../world/world';

// Can be made shorter for a quick look.
const hours = Number(process.env.HOURS ?? 8);

/** How long it takes until all that is kept for a while is full. */
const warmUp = 2;

/** Messages of a conversation are kept for five minutes after one has left it, which pass as fast as all others. */
const keptMs = 5_000;

/** So many messages come a minute, from one customer at a time so many. */
const perMinute = 60;
const together = 5;

test(`${hours} hours of a message a second leave nothing behind`, async ({ world }) => {
  // So that colleagues are said to go, and to come back, as often as they do.
  await world.server.stop();
  await world.server.start({ PRESENCE_GRACE_MS: '50' });
  const quiet = world.customer('Cliente Quieto');
  await quiet.says('Só isso');
  const desk = await Desk.of(world);
  const chat = await Chat.with(world.bia, quiet, {
    mayLoseTouch: true,
    before: (page) => page.route('**/api/realtime/config', isKeptBriefly),
  });
  await chat.seesStatus('connected');

  const measured = [];
  for (let hour = 1; hour <= hours; hour += 1) {
    const began = Date.now();
    for (let minute = 0; minute < 60; minute += 1) await desk.minute(chat, hour, minute);
    await goes(chat, `/chat/${await quiet.conversation()}`);
    await chat.message('Só isso').waitFor();
    await chat.frames(30);
    const now = await holds(chat.page);
    measured.push(now);
    console.log(`after ${hour} h, in ${Math.round((Date.now() - began) / 1_000)} s:`, now);
  }

  console.log(`${desk.said} messages, ${desk.switches} switches`);
  const stats = await world.ada.asks<{ totalConnections: number }>('/api/socket/stats');
  expect(stats.totalConnections).toBeLessThanOrEqual(2);
  expect(desk.said).toBeGreaterThanOrEqual(hours * 3_600);
  const [warm, last] = [measured[warmUp - 1], measured.at(-1)];
  if (!warm || !last) throw new Error(`it takes more than ${warmUp} hours`);
  expect.soft(last.heap - warm.heap).toBeLessThan(2);
  expect.soft(last.nodes - warm.nodes).toBeLessThan(200);
  expect.soft(last.listeners - warm.listeners).toBeLessThan(50);
}, 3_600_000);

/** Forty customers who write all day, and a colleague who comes and goes. */
class Desk {
  said = 0;
  switches = 0;
  readonly #world: World;
  readonly #customers: readonly Customer[];
  readonly #ids: readonly string[];
  readonly #colleague: Colleague;
  #open = 0;

  private constructor(world: World, customers: Customer[], ids: string[], colleague: Colleague) {
    this.#world = world;
    this.#customers = customers;
    this.#ids = ids;
    this.#colleague = colleague;
  }

  static async of(world: World): Promise<Desk> {
    const customers = Array.from({ length: 40 }, (_, n) => world.customer(`Cliente ${n}`));
    for (const each of customers) await each.says('Oi');
    const ids = await Promise.all(customers.map((each) => each.conversation()));
    const { token } = await world.ada.asks<{ token: string }>('/api/sessions', 'POST', {
      email: world.ada.email,
      password: 'demo',
    });
    return new Desk(world, customers, ids, new Colleague(world.server, token));
  }

  /** What happens in a minute, until the page has shown it. */
  async minute(chat: Chat, hour: number, minute: number): Promise<void> {
    const now = `${hour}:${String(minute).padStart(2, '0')}`;
    if (minute % 2 === 0) await this.#turnsTo(chat, this.#open + 7);
    if (minute % 10 === 3) this.#colleague.goes();
    if (minute % 10 === 5) this.#colleague.comes();
    if (minute % 30 === 7) await chat.page.context().setOffline(true);
    await this.#colleague.passes(this.#ids[this.#open] ?? '');

    const others = perMinute / together - 1;
    const at = (hour * 60 + minute) * others;
    await Promise.all(
      Array.from({ length: others }, (_, n) => this.#says((at + n) % 40, `às ${now}`)),
    );
    await this.#says(this.#open, `agora, às ${now}`);
    await chat.page.context().setOffline(false);
    await reads(chat, `agora, às ${now}, ${together}`);

    if (minute % 5 === 4) await chat.write(`Resposta das ${now}`);
    if (minute % 5 === 4) await reads(chat, `Resposta das ${now}`);
    if (minute === 29) await this.#restarts(chat);
    if (minute === 44) await this.#looksAround(chat);
  }

  async #says(who: number, words: string): Promise<void> {
    const all = Array.from({ length: together }, (_, n) => ({
      type: 'text',
      text: { body: `${words}, ${n + 1}` },
    }));
    await this.#customers[who]?.saysAll(all);
    this.said += together;
  }

  async #turnsTo(chat: Chat, who: number): Promise<void> {
    this.#open = who % this.#customers.length;
    this.switches += 1;
    await goes(chat, `/chat/${this.#ids[this.#open]}`);
    const name = this.#customers[this.#open]?.name ?? '';
    await chat.page.locator('.thread-who').getByText(name, { exact: true }).waitFor();
  }

  async #restarts(chat: Chat): Promise<void> {
    await this.#world.server.stop();
    await this.#world.server.start({ PRESENCE_GRACE_MS: '50' });
    await chat.seesStatus('connected');
  }

  async #looksAround(chat: Chat): Promise<void> {
    await goes(chat, '/board');
    await chat.page.locator('.card').first().waitFor();
    await goes(chat, '/dashboard');
    await chat.page.locator('.dashboard h2').first().waitFor();
    await this.#turnsTo(chat, this.#open);
  }
}

/** The server's settings, but for how long messages are kept. */
async function isKeptBriefly(route: Route): Promise<void> {
  const response = await route.fetch();
  const settings = await response.json();
  await route.fulfill({
    response,
    json: { ...settings, cache: { ...settings.cache, ttlMs: keptMs } },
  });
}

/** Goes to another screen as a link does. */
function goes(chat: Chat, path: string): Promise<void> {
  return chat.page.evaluate((to) => history.pushState(null, '', to), path);
}

/** Reads on to the end, which what is unread may be far from, until a message is there. */
function reads(chat: Chat, words: string): Promise<void> {
  return until(`"${words}" is read`, async () => {
    await chat.page.locator('.messages').evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
    return (await chat.message(words).count()) > 0;
  });
}
