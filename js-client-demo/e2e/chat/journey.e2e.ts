import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chat, somebody } from '../support/chat';
import { until, World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

const status = (chat: Chat) => chat.page.getAttribute('.connection', 'data-status');

test('two agents and a customer: what one does, the others see, and a reload shows the same', async () => {
  const ana = somebody('Ana Jornada');
  await world.writes(ana, 'Oi, meu pedido chegou?');
  const bia = await Chat.with(world, ana);
  const ada = await Chat.with(world, ana, { as: 'admin' });

  await bia.page.locator('.thread-acts [aria-label="Atribuir a mim"]').click();
  await until(
    async () => (await ada.page.locator('.thread-acts select').inputValue()) !== '',
    'Ada sees who has it',
  );
  await bia.write('Vou ver!');
  await ada.reaches('Vou ver!', 'READ');
  const began = Date.now();
  await world.writes(ana, 'Obrigada');
  await Promise.all([bia.message('Obrigada').waitFor(), ada.message('Obrigada').waitFor()]);
  const took = Date.now() - began;
  const before = await bia.page.locator('.message').allTextContents();
  await bia.page.reload();
  await bia.message('Obrigada').waitFor();

  expect(took).toBeLessThan(1_000);
  await until(
    async () =>
      JSON.stringify(await bia.page.locator('.message').allTextContents()) ===
      JSON.stringify(before),
    'the same',
  );
  await bia.page.context().close();
  await ada.page.context().close();
});

test('without a websocket it polls, then is live again, and nothing is missing', async () => {
  const bob = somebody('Bob Bloqueio');
  await world.writes(bob, 'antes');
  const chat = await Chat.with(world, bob);
  await until(async () => (await status(chat)) === 'connected', 'live');
  let isBlocked = true;
  await chat.page.routeWebSocket(/socket\.io/, (socket) => {
    if (isBlocked) void socket.close();
    else socket.connectToServer();
  });
  await chat.page.reload();
  await until(async () => (await status(chat)) === 'polling', 'polling', 20_000);

  for (let n = 0; n < 20; n += 1) await world.writes(bob, `durante ${n}`);
  await chat.message('durante 19').waitFor({ timeout: 15_000 });
  isBlocked = false;
  await until(async () => (await status(chat)) === 'connected', 'live again', 50_000);
  await world.writes(bob, 'depois');
  await chat.message('depois').waitFor();

  const said = (await chat.page.locator('.message .words').allTextContents()).filter((each) =>
    each.startsWith('durante'),
  );
  expect(new Set(said).size).toBe(said.length);
  expect(said.at(-1)).toBe('durante 19');
  await chat.page.context().close();
}, 120_000);

test('the server is restarted, the network goes and comes: all that was said is there, once', async () => {
  const cai = somebody('Cai Queda');
  await world.writes(cai, 'um');
  const chat = await Chat.with(world, cai);
  await until(async () => (await status(chat)) === 'connected', 'live');

  await world.stop();
  await until(async () => (await status(chat)) !== 'connected', 'it is noticed');
  await chat.write('escrita sem servidor');
  await world.start();
  await world.writes(cai, 'dois');
  await chat.message('dois').waitFor({ timeout: 40_000 });
  await chat.reaches('escrita sem servidor', 'READ');

  await chat.page.context().setOffline(true);
  await until(async () => (await status(chat)) === 'disconnected', 'offline');
  await chat.write('escrita sem rede');
  await world.writes(cai, 'três');
  await chat.page.context().setOffline(false);
  await chat.message('três').waitFor({ timeout: 40_000 });
  await chat.reaches('escrita sem rede', 'READ');

  for (const words of ['dois', 'três', 'escrita sem servidor', 'escrita sem rede']) {
    expect(await chat.message(words).count(), words).toBe(1);
  }
  await chat.page.context().close();
}, 120_000);

test('forty conversations later there is one socket and no error', async () => {
  const people = Array.from({ length: 6 }, (_, n) => somebody(`Troca ${n}`));
  for (const person of people) await world.writes(person, 'Oi');
  const chat = new Chat(await world.page('/chat'));
  const errors: string[] = [];
  chat.page.on('pageerror', ({ message }) => errors.push(message));
  chat.page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
  await chat.page.waitForSelector('.chat-row');

  for (let n = 0; n < 40; n += 1) {
    const person = people[n % people.length];
    if (person) await chat.row(person).click();
  }

  const stats = await world.api<{ totalConnections: number }>('admin', '/api/socket/stats');
  expect(stats.totalConnections).toBe(1);
  expect(errors).toEqual([]);
  await chat.page.context().close();
});

for (const dark of [false, true]) {
  for (const isPhone of [false, true]) {
    test(`axe finds nothing in ${dark ? 'dark' : 'light'} ${isPhone ? 'on a phone' : 'on a desk'}, and nothing sticks out`, async () => {
      const eva = somebody(`Eva ${dark} ${isPhone}`);
      await world.writes(eva, 'Oi, *tudo* bem? https://example.com');
      await world.writes(eva, 'Olá');
      const id = await world.conversationWith(eva);
      const size = isPhone ? { width: 390, height: 844, isPhone } : {};
      const chat = new Chat(await world.page('/chat', { dark, ...size }));
      await chat.page.waitForSelector('.chat-row');
      const axe = await readFile(
        createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
        'utf8',
      );
      const found: string[] = [];
      const look = async (where: string) => {
        await chat.page.evaluate(axe);
        const violations = await chat.page.evaluate(run);
        found.push(...violations.map((each) => `${where}: ${each}`));
        const [inner, outer] = await chat.page.evaluate(() => [
          document.documentElement.scrollWidth,
          innerWidth,
        ]);
        if ((inner ?? 0) > (outer ?? 0)) found.push(`${where}: ${inner} px wide`);
      };

      await look('list');
      await chat.page.click(`#row-${id}`);
      await chat.page.waitForSelector('.message');
      await chat.write('Tudo! E você?');
      await chat.reaches('Tudo! E você?', 'READ');
      await chat.page.waitForTimeout(400);
      await look('thread');
      await chat.page.click('text=Nota interna');
      await chat.write('só entre nós');
      await chat.page.waitForSelector('.message[data-side=note]');
      await look('note');
      if (isPhone) await chat.page.click('.thread-who');
      await chat.page.waitForSelector('.contact-panel');
      await chat.page.waitForTimeout(400);
      await look('panel');

      expect(found).toEqual([]);
      await chat.page.context().close();
    });
  }
}

type Axe = {
  run: (
    where: Document,
    how: object,
  ) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }>;
};

async function run(): Promise<string[]> {
  const { axe } = window as unknown as { axe: Axe };
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await axe.run(document, { runOnly });
  return violations.map(
    ({ id, impact, nodes }) =>
      `${id} (${impact}) ${nodes
        .map(({ target }) => target.join(' '))
        .slice(0, 3)
        .join(', ')}`,
  );
}
