import { resolve } from 'node:path';
import { Chat, expect, test, until } from '../world';

const picture = resolve(import.meta.dirname, '../world/picture.png');

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
