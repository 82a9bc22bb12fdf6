import { resolve } from 'node:path';
import { Chat, expect, test, until } from '../world';
import type { World } from '../world/world';

const picture = resolve(import.meta.dirname, '../world/picture.png');

/** A customer who has written a lot, all of it read. */
async function talkative(
  world: World,
  name: string,
  count: number,
  instead: Record<number, string> = {},
) {
  const customer = world.customer(name);
  const begin = Math.floor(Date.now() / 1_000) - count * 60;
  const messages = Array.from({ length: count }, (_, n) => ({
    type: 'text',
    timestamp: String(begin + n * 60),
    text: { body: instead[n] ?? `Mensagem ${n}. ${'Texto de tamanho variável. '.repeat(n % 4)}` },
  }));
  for (let at = 0; at < count; at += 100) await customer.saysAll(messages.slice(at, at + 100));
  const id = await customer.conversation();
  await world.ada.asks(`/api/conversations/${id}/read`, 'POST');
  return customer;
}

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

test('T6: days are told apart, and what belongs together stands together', async ({ world }) => {
  const fred = world.customer('Fred Dias');
  const now = Math.floor(Date.now() / 1_000);
  const text = (body: string, ago: number) => ({
    type: 'text',
    text: { body },
    timestamp: String(now - ago),
  });
  await fred.saysAll([
    text('anteontem', 2 * 86_400),
    text('ontem', 86_400),
    text('agora um', 20),
    text('agora dois', 10),
  ]);

  const chat = await Chat.with(world.bia, fred);

  const days = await chat.page.locator('.day').allTextContents();
  expect(days).toHaveLength(3);
  expect(days.slice(1)).toEqual(['Ontem', 'Hoje']);
  expect(await chat.message('agora um').getAttribute('data-last')).toBe('false');
  expect(await chat.message('agora dois').getAttribute('data-first')).toBe('false');
});

test('T7, T13: who types and who looks is shown to a colleague, at once and not for ever', async ({
  world,
}) => {
  const gabi = world.customer('Gabi Digita');
  await gabi.says('Oi');
  const chat = await Chat.with(world.bia, gabi);
  const other = await Chat.with(world.ada, gabi);
  await chat.page.waitForSelector('.thread-typing [data-agent]:has-text("vendo esta conversa")');

  const began = Date.now();
  await other.field.pressSequentially('O');
  await chat.page.waitForSelector('.thread-typing:has-text("escrevendo")', { timeout: 2_000 });
  const took = Date.now() - began;
  await chat.page.waitForSelector('.chat-row-typing');
  await chat.page.waitForSelector('.thread-typing:has-text("escrevendo")', {
    state: 'detached',
    timeout: 8_000,
  });
  await other.field.pressSequentially('i');
  await chat.page.waitForSelector('.thread-typing:has-text("escrevendo")');
  await other.field.press('Enter');
  await chat.page.waitForSelector('.thread-typing:has-text("escrevendo")', {
    state: 'detached',
    timeout: 2_000,
  });
  await other.page.keyboard.press('Escape');
  await other.page.keyboard.press('Escape');
  await chat.page.waitForSelector('.thread-typing [data-agent]', { state: 'detached' });

  // 200 ms of it are ours; the rest is what driving two browsers takes.
  expect(took).toBeLessThan(1_000);
});

test('T8: files are chosen, dropped and pasted, show how far they are, and open', async ({
  world,
}) => {
  const hana = world.customer('Hana Fotos');
  await hana.says('Manda foto?');
  const chat = await Chat.with(world.bia, hana);

  await chat.page.setInputFiles('.composer input[type=file]', picture);
  await chat.page.waitForSelector('.tray li img');
  await chat.page.waitForSelector('.composer-send:not([disabled])');
  await chat.write('Segue a foto');
  await chat.reaches('Segue a foto', 'READ');
  const image = chat.message('Segue a foto').locator('.picture');
  const reserved = await image.evaluate((it) => getComputedStyle(it).aspectRatio);
  await image.click();
  await chat.page.waitForSelector('.lightbox[open] img');
  await chat.page.keyboard.press('Escape');
  await chat.page.waitForSelector('.lightbox', { state: 'detached' });
  expect(reserved).not.toBe('auto');

  await chat.page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File(['um pedido'], 'pedido.txt', { type: 'text/plain' }));
    const field = document.querySelector('.composer > textarea');
    field?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true }),
    );
    files.items.add(new File(['dois'], 'nota.txt', { type: 'text/plain' }));
    document
      .querySelector('.messages')
      ?.dispatchEvent(
        new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }),
      );
  });
  await until(
    'three files are there',
    async () => (await chat.page.locator('.tray li').count()) === 3,
  );
  await chat.page.locator('.tray li').first().locator('button').last().click();
  expect(await chat.page.locator('.tray li').count()).toBe(2);
  await chat.page.waitForSelector('.composer-send:not([disabled])');
  await chat.page.click('.composer-send');
  await chat.message('nota.txt').waitFor();
});

test('T9: a thread shows that it loads, that it could not, and tries again', async ({ world }) => {
  const ivo = world.customer('Ivo Erro');
  await ivo.says('Oi');
  const id = await ivo.conversation();
  const chat = await Chat.at(world.bia, { mayLoseTouch: true });
  await chat.row(ivo).waitFor();
  let answer: () => void = () => {};
  const held = new Promise<void>((go) => {
    answer = go;
  });
  await chat.page.route('**/api/conversations/*/messages*', async (route) => {
    await held;
    await route.fulfill({ status: 500, body: '{}' });
  });

  await chat.row(ivo).click();
  await chat.page.waitForSelector('.messages-ghosts');
  answer();
  await chat.page.waitForSelector('text=Não foi possível carregar as mensagens.');
  await chat.page.unrouteAll();
  await chat.page.click('.messages-none button');

  await chat.page.waitForSelector('.message');
  expect(chat.page.url()).toContain(id);
});

test('T10: what has been begun stays with its conversation, and is shown in the list', async ({
  world,
}) => {
  const [jo, kim] = [world.customer('Jô Rascunho'), world.customer('Kim Outra')];
  await jo.says('Oi');
  await kim.says('Oi');
  const chat = await Chat.with(world.bia, jo);

  await chat.field.fill('rascunho da Jô');
  await chat.row(kim).click();
  await chat.page.waitForSelector(`#thread-name:has-text("${kim.name}")`);
  const carried = await chat.field.inputValue();
  const listed = await chat.row(jo).textContent();
  await chat.page.reload();
  await chat.row(jo).click();

  await until(
    'it is there again',
    async () => (await chat.field.inputValue()) === 'rascunho da Jô',
  );
  expect(carried).toBe('');
  expect(listed).toContain('Rascunho: rascunho da Jô');
});

test('T11: Enter sends, Shift+Enter breaks the line, Enter while composing does neither', async ({
  world,
}) => {
  const lia = world.customer('Lia Teclas');
  await lia.says('Oi');
  const chat = await Chat.with(world.bia, lia);

  await chat.field.fill('primeira');
  await chat.field.press('Shift+Enter');
  await chat.field.pressSequentially('segunda');
  expect(await chat.field.inputValue()).toBe('primeira\nsegunda');
  await chat.field.evaluate((field) => {
    const key = { key: 'Enter', bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', { ...key, isComposing: true }));
    field.dispatchEvent(
      new KeyboardEvent('keydown', { ...key, keyCode: 229 } as KeyboardEventInit),
    );
  });
  expect(await chat.message('primeira').count()).toBe(0);
  await chat.field.press('Enter');

  await chat.reaches('segunda', 'READ');
});

test('T12: a note cannot be mistaken, never reaches the customer, and calls whom it mentions', async ({
  world,
}) => {
  const mel = world.customer('Mel Nota');
  await mel.says('Tem desconto?');
  const chat = await Chat.with(world.bia, mel);

  await chat.page.click('text=Nota interna');
  const colour = await chat.page.$eval('.composer', (it) => getComputedStyle(it).backgroundColor);
  await chat.field.pressSequentially('Dar 10 %? @');
  await chat.page.waitForSelector('.picker [role=option]');
  await chat.page.keyboard.press('Enter');
  await chat.field.press('Enter');
  await chat.page.waitForSelector('.message[data-side=note]:has-text("Dar 10 %")');
  await chat.page.click('.composer-modes >> text=Responder');
  await chat.write('Já te respondo');
  await chat.reaches('Já te respondo', 'READ');

  expect(colour).toBe('rgb(255, 246, 218)');
  const sent = await world.server.ledger();
  expect(sent).toContain('Já te respondo');
  expect(sent).not.toContain('Dar 10 %');
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

test('a message is answered, and the quote leads to it; reactions come and go', async ({
  world,
}) => {
  const olga = await talkative(world, 'Olga Cita', 90);
  const wamid = await olga.says('Qual o prazo?');
  const chat = await Chat.with(world.bia, olga);
  await chat.settles();

  // Whoever answers the customer writes no note any more.
  await chat.page.click('text=Nota interna');
  await chat.message('Qual o prazo?').hover();
  await chat.message('Qual o prazo?').locator('[aria-label=Responder]').click();
  await chat.page.waitForSelector('.quoting');
  await chat.write('Dois dias');
  await chat.reaches('Dois dias', 'READ');
  await olga.says('Perfeito', { context: { id: wamid } });
  await chat.message('Perfeito').locator('.quote:has-text("Qual o prazo?")').click();
  await chat.page.waitForSelector('[data-flash=true]:has-text("Qual o prazo?")');
  const [theirs] = await olga.saysAll([
    { type: 'reaction', reaction: { message_id: wamid, emoji: '👍' } },
  ]);
  await chat.message('Qual o prazo?').first().locator('.reactions').waitFor();

  expect(theirs).toBeTruthy();
  expect(await chat.message('Dois dias').locator('.quote').textContent()).toContain(
    'Qual o prazo?',
  );
});

test('edited and deleted messages say so, contacts and places are drawn', async ({ world }) => {
  const pia = world.customer('Pia Formas');
  const [first, second] = await pia.saysAll([
    { type: 'text', text: { body: 'errado' } },
    { type: 'text', text: { body: 'apagar' } },
    {
      type: 'location',
      location: {
        latitude: -23.56,
        longitude: -46.65,
        name: 'Loja',
        address: 'Av. Paulista, 1000',
      },
    },
    {
      type: 'contacts',
      contacts: [
        {
          name: { formatted_name: 'Rui Alves' },
          phones: [{ phone: '+55 11 91234-5678', wa_id: '5511912345678' }],
        },
      ],
    },
  ]);
  const chat = await Chat.with(world.bia, pia);

  await pia.saysAll([
    {
      type: 'edit',
      edit: { original_message_id: first, message: { type: 'text', text: { body: 'certo' } } },
    },
    { type: 'revoke', revoke: { original_message_id: second } },
  ]);

  await chat.page.waitForSelector('.message:has-text("certo"):has-text("editada")');
  await chat.page.waitForSelector('.message:has-text("Mensagem apagada")');
  expect(await chat.message('Av. Paulista, 1000').locator('a').getAttribute('href')).toContain(
    '-23.56',
  );
  expect(await chat.message('Rui Alves').locator('a').getAttribute('href')).toBe(
    'tel:+5511912345678',
  );
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
