import { Chat, expect, test, until } from '../world';
import { talkative } from '../world/talkative';

test('T1: it opens at the end, or at the unread ones when they are more than a screen', async ({
  world,
}) => {
  const ana = await talkative(world, 'Ana Lida', 120);
  const chat = await Chat.with(world.bia, ana);
  await chat.settles();
  expect(await chat.gap()).toBeLessThan(4);
  await chat.page.context().close();

  for (let n = 0; n < 30; n += 1) await ana.says(`Ainda não lida ${n}`);
  const unread = await Chat.with(world.bia, ana);
  await unread.page.waitForSelector('.divider');
  await unread.settles();

  const [line, view] = await Promise.all([
    unread.page.locator('.divider').boundingBox(),
    unread.page.locator('.messages').boundingBox(),
  ]);
  expect(Math.abs((line?.y ?? 0) - (view?.y ?? 0))).toBeLessThan(120);
  expect(await unread.message('Ainda não lida 0').count()).toBe(1);
});

test('T2: who reads history is not moved; a pill counts what has come, and leads there', async ({
  world,
}) => {
  const bia = await talkative(world, 'Bia Lendo', 120);
  const chat = await Chat.with(world.bia, bia);
  await chat.settles();
  await chat.scroll(-1_500);
  const before = await chat.place();

  await bia.says('nova um');
  await chat.page.waitForSelector('.to-end[data-new=true]');
  const one = await chat.page.textContent('.to-end');
  await bia.says('nova dois');
  await until(
    'two are counted',
    async () => (await chat.page.textContent('.to-end'))?.trim() === '2 mensagens novas',
  );

  expect(one?.trim()).toBe('1 mensagem nova');
  expect(await chat.place()).toEqual(before);
  await chat.page.click('.to-end');
  await chat.message('nova dois').waitFor();
  await until('it is at the end', async () => (await chat.gap()) < 4);
  await until('it is read', async () => (await chat.row(bia).locator('.badge').count()) === 0);
  expect(await chat.page.locator('.to-end[data-new=true]').count()).toBe(0);
});

test('T3: at the end one follows, and what one writes oneself always leads to the end', async ({
  world,
}) => {
  const caio = await talkative(world, 'Caio Fim', 80);
  const chat = await Chat.with(world.bia, caio);
  await chat.settles();

  await caio.says('segue o fim');
  await chat.message('segue o fim').waitFor();
  await until('it followed', async () => (await chat.gap()) < 4);
  await chat.scroll(-1_200);
  await chat.write('minha resposta');

  await until(
    'it went to the end',
    async () => (await chat.gap()) < 4 && (await chat.message('minha resposta').count()) === 1,
  );
});

test('T4: older pages come without a jump, and few rows are drawn', async ({ world }) => {
  const duda = await talkative(world, 'Duda Longa', 400);
  const chat = await Chat.with(world.bia, duda);
  await chat.settles();

  const { most, jumps } = await wheelTo(chat, 'Mensagem 0.', -300);

  expect(await chat.message('Mensagem 0.').count()).toBe(1);
  expect(most).toBeLessThanOrEqual(60);
  expect(jumps).toBe(0);
});

test('T4: a history of more than is laid out is read back, forth again, and left, without a jump', async ({
  world,
}) => {
  const leo = await talkative(world, 'Léo Enciclopédia', 700);
  const chat = await Chat.with(world.bia, leo);
  await chat.settles();
  await until('it is read to its beginning', () =>
    chat.page.$eval('.messages', (box) => {
      box.scrollTop = 0;
      return document.querySelector('.start') !== null;
    }),
  );
  await chat.settles();

  const { jumps } = await wheelTo(chat, 'Mensagem 450.', 300);

  expect(await chat.message('Mensagem 450.').count()).toBe(1);
  expect(jumps).toBe(0);
  await leo.says('o fim');
  await chat.page.waitForSelector('.to-end[data-new=true]:has-text("1 mensagem nova")');
  await chat.page.click('.to-end');
  await chat.message('o fim').waitFor();
  await until('it is at the end', async () => (await chat.gap()) < 4);
});

test('T5: what shrinks the view leaves who is at the end there, and who reads where they are', async ({
  world,
}) => {
  const eva = await talkative(world, 'Eva Janela', 80);
  const chat = await Chat.with(world.bia, eva);
  await chat.settles();

  await chat.page.setViewportSize({ width: 1440, height: 520 });
  await until('the end after a smaller window', async () => (await chat.gap()) < 4);
  await chat.field.fill('a\nb\nc\nd\ne\nf');
  await until('the end above a taller field', async () => (await chat.gap()) < 4);
  await chat.page.setViewportSize({ width: 1440, height: 900 });
  await until('the end in a larger window', async () => (await chat.gap()) < 4);
  await chat.scroll(-1_500);
  const before = await chat.place();
  await chat.page.setViewportSize({ width: 1440, height: 640 });
  await chat.settles();

  expect((await chat.place()).id).toBe(before.id);
});

test('T14: a search in a thread leads from place to place, each in its context, and back to the end', async ({
  world,
}) => {
  const needles = { 40: 'A agulha no palheiro', 300: 'Outra agulha' };
  const nilo = await talkative(world, 'Nilo Busca', 600, needles);
  const chat = await Chat.with(world.bia, nilo);
  await chat.settles();

  await chat.page.click('[aria-label="Buscar na conversa"]');
  await chat.page.keyboard.type('agulha');
  await chat.page.waitForSelector('.message:has-text("Outra agulha") mark', { timeout: 15_000 });
  await chat.settles();
  const isSearchedAgain = chat.page.waitForRequest(/messages\/search/, { timeout: 2_000 }).then(
    () => true,
    () => false,
  );
  await chat.page.keyboard.press('Enter');
  await chat.page.waitForSelector('.message:has-text("A agulha no palheiro") mark');
  expect(await isSearchedAgain).toBe(false);
  await chat.settles();
  const around = await chat.page.locator('.message').allTextContents();

  expect(await chat.page.textContent('.find [role=status]')).toBe('2 de 2');
  expect(around.some((each) => each.includes('Mensagem 39.'))).toBe(true);
  expect(around.some((each) => each.includes('Mensagem 41.'))).toBe(true);
  await chat.page.click('[aria-label="Fechar a busca"]');
  await chat.page.click('.to-end');
  await chat.message('Mensagem 599.').waitFor();
  await until('it is at the end', async () => (await chat.gap()) < 4);
});

/** Turns the wheel until a message is there. Returns how many were drawn, and how often one jumped. */
async function wheelTo(chat: Chat, words: string, by: number) {
  let [most, jumps] = [0, 0];
  await chat.page.hover('.messages');
  for (let step = 0; step < 200; step += 1) {
    const before = await chat.page.evaluate(placesOfAll);
    await chat.page.mouse.wheel(0, by);
    await chat.frames(3);
    const after = await chat.page.evaluate(placesOfAll);
    most = Math.max(most, Object.keys(after).length);
    // Whatever is in view both times has moved by the wheel, and by nothing else.
    const moved = Object.keys(after)
      .filter((id) => id in before)
      .map((id) => ((before[id] ?? 0) - (after[id] ?? 0)) * Math.sign(by));
    jumps += moved.filter((px) => px < -4 || px > Math.abs(by) + 20).length;
    if (await chat.message(words).count()) break;
  }
  return { most, jumps };
}

/** The messages in view, and where each stands. */
function placesOfAll(): Record<string, number> {
  const all = [...document.querySelectorAll<HTMLElement>('[data-message]')];
  return Object.fromEntries(
    all.map((each) => [each.dataset.message ?? '', Math.round(each.getBoundingClientRect().top)]),
  );
}
