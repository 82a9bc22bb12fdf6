import { Chat, expect, test, until } from '../world';
import { offences } from '../world/axe';

const phone = { width: 390, height: 844, isPhone: true };

const status = (chat: Chat) => chat.page.getAttribute('.connection', 'data-status');

test('two agents and a customer: what one does, the others see, and a reload shows the same', async ({
  world,
}) => {
  const ana = world.customer('Ana Jornada');
  await ana.says('Oi, meu pedido chegou?');
  const bia = await Chat.with(world.bia, ana);
  const ada = await Chat.with(world.ada, ana);

  await bia.page.locator('.thread-acts [aria-label="Atribuir a mim"]').click();
  await until(
    'Ada sees who has it',
    async () => (await ada.page.locator('.thread-acts select').inputValue()) !== '',
  );
  await bia.write('Vou ver!');
  await ada.reaches('Vou ver!', 'READ');
  const began = Date.now();
  await ana.says('Obrigada');
  await Promise.all([bia.message('Obrigada').waitFor(), ada.message('Obrigada').waitFor()]);
  const took = Date.now() - began;
  const before = await bia.page.locator('.message').allTextContents();
  await bia.page.reload();
  await bia.message('Obrigada').waitFor();

  expect(took).toBeLessThan(1_000);
  await until(
    'the same',
    async () =>
      JSON.stringify(await bia.page.locator('.message').allTextContents()) ===
      JSON.stringify(before),
  );
});

test('without a websocket it polls, then is live again, and nothing is missing', async ({
  world,
}) => {
  const bob = world.customer('Bob Bloqueio');
  await bob.says('antes');
  const chat = await Chat.with(world.bia, bob, { mayLoseTouch: true });
  await until('live', async () => (await status(chat)) === 'connected');
  let isBlocked = true;
  await chat.page.routeWebSocket(/socket\.io/, (socket) => {
    if (isBlocked) void socket.close();
    else socket.connectToServer();
  });
  await chat.page.reload();
  await until('polling', async () => (await status(chat)) === 'polling', 20_000);

  for (let n = 0; n < 20; n += 1) await bob.says(`durante ${n}`);
  await chat.message('durante 19').waitFor({ timeout: 15_000 });
  isBlocked = false;
  await until('live again', async () => (await status(chat)) === 'connected', 50_000);
  await bob.says('depois');
  await chat.message('depois').waitFor();

  const said = (await chat.page.locator('.message .words').allTextContents()).filter((each) =>
    each.startsWith('durante'),
  );
  expect(new Set(said).size).toBe(said.length);
  expect(said.at(-1)).toBe('durante 19');
}, 120_000);

test('the server is restarted, the network goes and comes: all that was said is there, once', async ({
  world,
}) => {
  const cai = world.customer('Cai Queda');
  await cai.says('um');
  const chat = await Chat.with(world.bia, cai, { mayLoseTouch: true });
  await until('live', async () => (await status(chat)) === 'connected');

  await world.server.stop();
  await until('it is noticed', async () => (await status(chat)) !== 'connected');
  await chat.write('escrita sem servidor');
  await world.server.start();
  await cai.says('dois');
  await chat.message('dois').waitFor({ timeout: 40_000 });
  await chat.reaches('escrita sem servidor', 'READ');

  await chat.page.context().setOffline(true);
  await until('offline', async () => (await status(chat)) === 'disconnected');
  await chat.write('escrita sem rede');
  await cai.says('três');
  await chat.page.context().setOffline(false);
  await chat.message('três').waitFor({ timeout: 40_000 });
  await chat.reaches('escrita sem rede', 'READ');

  for (const words of ['dois', 'três', 'escrita sem servidor', 'escrita sem rede']) {
    expect(await chat.message(words).count(), words).toBe(1);
  }
}, 120_000);

test('A5: forty conversations later there is one socket and no error', async ({ world }) => {
  const people = Array.from({ length: 6 }, (_, n) => world.customer(`Troca ${n}`));
  for (const person of people) await person.says('Oi');
  const chat = await Chat.at(world.bia);
  await chat.page.waitForSelector('.chat-row');

  for (let n = 0; n < 40; n += 1) {
    const person = people[n % people.length];
    if (person) await chat.row(person).click();
  }

  const stats = await world.ada.asks<{ totalConnections: number }>('/api/socket/stats');
  expect(stats.totalConnections).toBe(1);
});

for (const dark of [false, true]) {
  for (const isPhone of [false, true]) {
    test(`A1, A2: axe finds nothing in a conversation, ${dark ? 'dark' : 'light'}, ${isPhone ? 'on a phone' : 'on a desk'}, and nothing sticks out`, async ({
      world,
    }) => {
      const eva = world.customer(`Eva ${dark} ${isPhone}`);
      await eva.says('Oi, *tudo* bem? https://example.com');
      const id = await eva.conversation();
      const chat = await Chat.at(world.bia, { dark, ...(isPhone && phone) });
      await chat.page.waitForSelector('.chat-row');
      const found: string[] = [];
      const look = async (where: string) => {
        found.push(...(await offences(chat.page)).map((each) => `${where}: ${each}`));
        const over = await chat.page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        if (over > 0) found.push(`${where}: ${over} px too wide`);
      };

      await look('list');
      await chat.page.click(`#row-${id}`);
      await chat.page.waitForSelector('.message');
      await chat.write('Tudo! E você?');
      await chat.reaches('Tudo! E você?', 'READ');
      await look('thread');
      await chat.page.click('text=Nota interna');
      await chat.write('só entre nós');
      await chat.page.waitForSelector('.message[data-side=note]');
      await look('note');
      if (isPhone) await chat.page.click('.thread-who');
      await chat.page.waitForSelector('.contact-panel');
      await look('panel');

      expect(found).toEqual([]);
    });
  }
}
