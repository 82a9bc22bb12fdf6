import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { Chat, expect, test, until } from '../world';
import type { Customer } from '../world/customer';
import { type Effort, effort, heap, meter, yardstick } from '../world/effort';
import type { World } from '../world/world';

// What docs/client.md says of large desks. Each can be made smaller for a quick look.
const conversations = Number(process.env.CONVERSATIONS ?? 10_000);
const messages = Number(process.env.MESSAGES ?? 50_000);
const seconds = Number(process.env.SECONDS ?? 120);

test(`${messages} messages in a thread, ${conversations} conversations, and a soak of updates`, async ({
  world,
}) => {
  const busy = world.customer('Cliente de Sempre');
  await seedThread(world, busy);
  const others = await seedConversations(world);
  const chat = await Chat.with(world.bia, busy);
  const { page } = chat;
  tell('ten million steps take', await yardstick(page));

  tell('list and thread are there after', ...(await comesBack(page)));
  const [early, late] = await readBack(chat);
  const thread = await effort(page, () => wheel(page, '.messages', 600));
  tell('the thread scrolled', thread, await drawn(page));
  const read = await effort(page, () => loadAll(chat));
  tell('the list read', read, await drawn(page));
  const list = await effort(page, () => wheel(page, '.chat-rows', 600));
  tell('the list scrolled', list, await drawn(page));

  const board = await world.ada.opens('/board');
  await board.page.waitForSelector('.card');
  tell('the board is there after', ...(await comesBack(board.page, '.card')));
  const cards = await effort(board.page, () => wheel(board.page, '.column-cards', 600));
  tell('the board scrolled', cards, await drawn(board.page));

  let sent = 0;
  const says = async (until: number) => {
    for (; Date.now() < until; sent += 1) {
      const who = sent % 3 === 0 ? busy : others[sent % others.length];
      await who?.says(`atualização ${sent}`);
    }
  };
  const updates = await effort(page, () => says(Date.now() + 10_000));
  tell(`${sent} updates, on both pages`, updates);
  const heaps = [await heap(page)];
  const taken = [await meter(page), await meter(board.page)];
  const before = sent;
  while (heaps.length <= 6) {
    await says(Date.now() + (seconds * 1_000) / 6);
    heaps.push(await heap(page));
  }
  const each = (ms: number) => Math.round((ms / (sent - before)) * 10) / 10;
  const [atChat = 0, atBoard = 0] = await Promise.all(taken.map((it) => it()));
  tell(
    `${sent - before} updates, ms each at the chat`,
    each(atChat),
    'at the board',
    each(atBoard),
  );
  tell('heap of the chat in MB', heaps, 'of the board', await heap(board.page));

  expect((await drawn(page)).rows).toBeLessThanOrEqual(60);
  expect((await drawn(board.page)).nodes).toBeLessThanOrEqual(2_000);
  const all = [early, late, thread, read, list, cards, updates];
  expect(Math.max(...all.flatMap(({ longest }) => longest))).toBeLessThan(200);
  // What a page of history costs does not grow with what has been read.
  expect(late.total / early.total).toBeLessThan(1.5);
  // Only what has been said since is held in addition.
  expect((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)).toBeLessThan(25);
}, 3_600_000);

/** Says how it went, and how much else the machine has to do. */
function tell(...what: unknown[]): void {
  console.log(...what, `(load ${Math.round(loadavg()[0] ?? 0)})`);
}

async function seedThread(world: World, busy: Customer): Promise<void> {
  const begin = Math.floor(Date.now() / 1_000) - messages * 30;
  for (let at = 0; at < messages; at += 250) {
    const many = Array.from({ length: Math.min(250, messages - at) }, (_, n) => ({
      type: 'text',
      timestamp: String(begin + (at + n) * 30),
      text: { body: `Mensagem ${at + n}. ${'Texto de tamanho variável. '.repeat((at + n) % 5)}` },
    }));
    await busy.saysAll(many);
  }
  const id = await busy.conversation();
  await world.ada.asks(`/api/conversations/${id}/read`, 'POST');
}

async function seedConversations(world: World): Promise<Customer[]> {
  const all = Array.from({ length: conversations }, (_, n) => world.customer(`Cliente ${n}`));
  for (let at = 0; at < all.length; at += 50) {
    await Promise.all(all.slice(at, at + 50).map((each) => each.says('Oi, tudo bem?')));
  }
  return all;
}

/** Reads a thread back to its beginning. Returns what its first pages took, and its last ones. */
async function readBack(chat: Chat): Promise<[Effort, Effort]> {
  const all = Math.ceil(messages / 50);
  const some = Math.min(50, Math.floor(all / 3));
  let pages = 1;
  chat.page.on('response', (response) => {
    if (response.url().includes('/messages?')) pages += 1;
  });
  const read = (count: number) =>
    until(
      `${count} pages are read`,
      () => chat.page.$eval('.messages', isBegun).then((isAll) => isAll || pages >= count),
      1_800_000,
    );
  await read(3);
  const early = await effort(chat.page, () => read(3 + some));
  tell(`${some} pages of the thread`, early);
  const taken = await meter(chat.page);
  const began = Date.now();
  await read(all - some);
  const each = Math.round((await taken()) / (all - 2 * some - 3));
  tell(`all but ${some} of ${all} pages, ms each`, each, 'in s', (Date.now() - began) / 1_000);
  const late = await effort(chat.page, () => read(all));
  tell(`the last ${some} of ${all} pages`, late, await drawn(chat.page));
  return [early, late];
}

/** Goes up in a thread. Returns whether its beginning is there. */
function isBegun(box: Element): boolean {
  box.scrollTop = 0;
  return document.querySelector('.start') !== null;
}

/** Reads the list down to its end; its rows are all of one height. */
async function loadAll(chat: Chat): Promise<void> {
  const isRead = () =>
    chat.page.$eval(
      '.chat-rows',
      (box, all) => {
        box.scrollTop = box.scrollHeight;
        const row = box.querySelector('.chat-row')?.clientHeight ?? Number.POSITIVE_INFINITY;
        return box.scrollHeight >= all * row;
      },
      conversations,
    );
  await until('the list is read to its end', isRead, 1_800_000);
}

/** What a reload takes until something is there to read, and how long that is, in milliseconds. */
async function comesBack(page: Page, what = '.chat-row'): Promise<[Effort, number]> {
  const began = Date.now();
  let took = 0;
  const came = await effort(page, async () => {
    await page.reload();
    await page.waitForSelector(what);
    took = Date.now() - began;
  });
  return [came, took];
}

async function wheel(page: Page, where: string, times: number): Promise<void> {
  await page.hover(where);
  for (let n = 0; n < times; n += 1) await page.mouse.wheel(0, n % 100 < 50 ? -400 : 400);
}

function drawn(page: Page): Promise<{ rows: number; nodes: number }> {
  return page.evaluate(() => ({
    rows: document.querySelectorAll('.message').length,
    nodes: document.querySelectorAll('*').length,
  }));
}
