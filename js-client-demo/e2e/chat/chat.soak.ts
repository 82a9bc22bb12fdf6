import type { Page } from 'playwright-core';
import { Chat, expect, test, until } from '../world';
import type { Customer } from '../world/customer';
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
  await watchTasks(chat.page);

  console.log(
    'opened',
    await tasks(chat.page),
    'list and thread in ms',
    await comesBack(chat.page),
  );
  await watchTasks(chat.page);
  await readAll(chat);
  console.log('read back', await tasks(chat.page), await drawn(chat.page));
  await wheel(chat.page, '.messages', 600);
  const thread = await tasks(chat.page);
  console.log('scrolled the thread', thread, await drawn(chat.page));
  await loadAll(chat);
  console.log('read the list', await tasks(chat.page), await drawn(chat.page));
  await wheel(chat.page, '.chat-rows', 600);
  const list = await tasks(chat.page);
  console.log('scrolled the list', list, await drawn(chat.page));

  const board = await world.ada.opens('/board');
  await board.page.waitForSelector('.card');
  console.log('board in ms', await comesBack(board.page, '.card'));
  await watchTasks(board.page);
  await wheel(board.page, '.column-cards', 600);
  const cards = await tasks(board.page);
  console.log('scrolled the board', cards, await drawn(board.page));

  const heaps: number[] = [];
  const end = Date.now() + seconds * 1_000;
  let sent = 0;
  while (Date.now() < end) {
    if (sent % 200 === 0) heaps.push(await heap(chat.page));
    sent += 1;
    const who = sent % 3 === 0 ? busy : others[sent % others.length];
    await who?.says(`atualização ${sent}`);
  }
  heaps.push(await heap(chat.page));
  const soaked = await tasks(chat.page);
  console.log(`${sent} updates`, soaked, 'heap in MB', heaps, 'board', await tasks(board.page));

  expect((await drawn(chat.page)).rows).toBeLessThanOrEqual(60);
  expect((await drawn(board.page)).nodes).toBeLessThanOrEqual(2_000);
  expect(Math.max(0, ...thread, ...list, ...cards)).toBeLessThan(200);
  // The first figure is from before anything was warm.
  expect((heaps.at(-1) ?? 0) - (heaps[1] ?? 0)).toBeLessThan(25);
}, 3_600_000);

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

/** Reads a thread back to its beginning. */
async function readAll(chat: Chat): Promise<void> {
  const isRead = () =>
    chat.page.$eval('.messages', (box) => {
      box.scrollTop = 0;
      return document.querySelector('.start') !== null;
    });
  await until('the thread is read to its beginning', isRead, 1_800_000);
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

/** How long a reload takes until something is there to read, in milliseconds. */
async function comesBack(page: Page, what = '.chat-row'): Promise<number> {
  const began = Date.now();
  await page.reload();
  await page.waitForSelector(what);
  return Date.now() - began;
}

/** Collects how long the page's tasks of 50 ms and more took. */
async function watchTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const long: number[] = [];
    Object.assign(window, { long });
    const watch = new PerformanceObserver((seen) => {
      for (const { duration } of seen.getEntries()) long.push(Math.round(duration));
    });
    watch.observe({ type: 'longtask', buffered: true });
  });
}

/** Those since the last look, the longest first. */
function tasks(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const { long } = window as unknown as { long: number[] };
    return long
      .splice(0)
      .sort((a, b) => b - a)
      .slice(0, 10);
  });
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

/** What the page holds after its rubbish has been collected, in MB. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return Math.round(usedSize / 100_000) / 10;
}
