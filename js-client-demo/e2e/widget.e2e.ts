// The chat on a site, rows W* and A1 of docs/client.md.

import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { Chat, expect, networkErrors, test, until } from './world';
import { offences } from './world/axe';
import { chatting } from './world/chatting';

const picture = resolve(import.meta.dirname, 'world/picture.png');

test('W1: it opens over hostile styles, sends, and gives the focus back at Escape', async ({
  world,
}) => {
  const joao = await world.visitor();
  expect(joao.requests.filter((url) => url.startsWith(world.server.url)).length).toBe(1);

  await joao.opens();
  await joao.writes('O sofá está disponível?');

  const panel = joao.panel();
  await panel.locator('.own .ticks', { hasText: '✓' }).waitFor();
  expect(await panel.evaluate(() => innerWidth)).toBe(384);
  await joao.page.keyboard.press('Escape');
  const focused = () => joao.page.evaluate(() => document.activeElement?.localName);
  await until('the launcher has the focus', async () => (await focused()) === 'recado-widget');
});

test('W2, W3: both sides see at once what the other says, the visitor also while it is closed', async ({
  world,
}) => {
  const joao = await world.visitor();
  const ada = await world.ada.opens('/board');
  await joao.opens();

  await joao.writes('Entregam em Niterói?');
  await ada.card('João Silva').getByText('Entregam em Niterói?').waitFor();
  await joao.page.keyboard.press('Escape');
  const card = ada.card('João Silva').filter({ hasText: 'Entregam em Niterói?' });
  const id = await card.getAttribute('data-card');
  const answer = { type: 'TEXT', content: 'Entregamos sim!' };
  await world.bia.asks(`/api/conversations/${id}/messages`, 'POST', answer);

  const panel = joao.panel();
  await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).waitFor({ state: 'attached' });
  // The shadow root is closed: that something waits is read from what assistive technology is told.
  const session = await joao.page.context().newCDPSession(joao.page);
  await until('the launcher tells what was said', async () => {
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    return nodes.some((node) => node.name?.value === 'Entregamos sim!');
  });
  await joao.opens();
  await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).waitFor();
  expect(await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).count()).toBe(1);
});

test('W4: whoever comes back finds what was said, once, also after the server was away', async ({
  world,
}) => {
  const joao = await world.visitor({ host: '127.0.0.1' });
  await joao.opens();
  await joao.writes('Volto já');
  await joao.panel().locator('.own .ticks', { hasText: '✓' }).waitFor();
  await joao.leaves();
  await world.server.stop('SIGKILL');
  await world.server.start();

  await joao.arrives();
  await joao.opens();

  await joao.panel().locator('.own', { hasText: 'Volto já' }).waitFor();
  expect(await joao.panel().locator('.own', { hasText: 'Volto já' }).count()).toBe(1);
});

test('W4: what is written while the server is away goes out once it is back', async ({ world }) => {
  const joao = await world.visitor();
  joao.overlooks = [networkErrors];
  await joao.opens();
  await joao.writes('Antes');
  const panel = joao.panel();
  await panel.locator('.own .ticks', { hasText: '✓' }).waitFor();

  await world.server.stop('SIGKILL');
  await joao.writes('Durante');
  await panel.locator('.connection.offline').waitFor();
  await world.server.start();
  // By then it may have found the server by itself.
  await panel.locator('button.now').dispatchEvent('click');

  await panel.locator('.own', { hasText: 'Durante' }).locator('.ticks', { hasText: '✓' }).waitFor();
  await panel.locator('.connection.live').waitFor();
  expect(await panel.locator('.own').count()).toBe(2);
});

test('W6: a chat that nobody knows goes away when it is opened, with one line in the console', async ({
  world,
}) => {
  const joao = await world.visitor({ inbox: 'pub_nobody' });
  joao.overlooks = [networkErrors, /^recado:/];

  await joao.clicksLauncher();

  await joao.page.locator('recado-widget').waitFor({ state: 'hidden' });
  expect(joao.told.filter((line) => line.startsWith('recado:'))).toHaveLength(1);
});

test('W6: on a site that may not show it a chat goes away, with one line in the console', async ({
  world,
}) => {
  const { key } = await world.ada.asks<{ key: string }>('/api/livechat/inboxes', 'POST', {
    name: 'Só na loja',
    settings: { allowedOrigins: ['https://loja.example'] },
  });
  const joao = await world.visitor({ inbox: key });
  joao.overlooks = [networkErrors, /frame-ancestors/, /^recado:/];

  await joao.clicksLauncher();

  await joao.page.locator('recado-widget').waitFor({ state: 'hidden' });
  expect(joao.told.filter((line) => line.startsWith('recado:'))).toHaveLength(1);
});

test('W6: a chat that lets in only whom the site vouches for is back once the site does', async ({
  world,
}) => {
  const settings = { requiresIdentity: true, allowedOrigins: ['*'], preChat: [] };
  const { key, identitySecret } = await world.ada.asks<{ key: string; identitySecret: string }>(
    '/api/livechat/inboxes',
    'POST',
    { name: 'Clube', settings },
  );
  const hash = createHmac('sha256', identitySecret).update('u-1').digest('hex');
  const joao = await world.visitor({ inbox: key, host: '127.0.0.1' });
  joao.overlooks = [networkErrors, /^recado:/];
  const isKnown = () =>
    joao.page.evaluate((identity) => window.Recado?.identify(identity), { userId: 'u-1', hash });
  await isKnown();
  await joao.opens();
  await joao.writes('Sou da casa');
  await joao.panel().locator('.own .ticks', { hasText: '✓' }).waitFor();
  await joao.leaves();

  await joao.arrives();
  await joao.page.locator('recado-widget[hidden]').waitFor({ state: 'attached' });
  await isKnown();

  await joao.page.locator('recado-widget:not([hidden])').waitFor({ state: 'attached' });
  await joao.opens();
  await joao.panel().locator('.own', { hasText: 'Sou da casa' }).waitFor();
});

test('W7: files go both ways, and nothing is fetched for them before the first', async ({
  world,
}) => {
  const joao = await world.visitor();
  await joao.opens();
  await joao.writes('Vou mandar a foto');
  const card = (await world.ada.opens('/board')).card('João Silva');
  const id = await card.filter({ hasText: 'Vou mandar a foto' }).getAttribute('data-card');
  const forFiles = () => joao.requests.filter((url) => url.includes('/files-'));
  expect(forFiles()).toEqual([]);

  const panel = joao.panel();
  await panel.locator('input[type=file]').setInputFiles(picture);
  await panel.locator('.own .file img').waitFor();
  const bia = new Chat((await world.bia.opens(`/chat/${id}`)).page);
  await bia.page.locator('.message .picture').waitFor();
  await bia.page.setInputFiles('.composer input[type=file]', {
    name: 'nota.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('Nota fiscal'),
  });
  await bia.page.waitForSelector('.composer-send:not([disabled])');
  await bia.page.click('.composer-send');
  const note = panel.locator('.theirs .file a', { hasText: 'nota.txt' });
  await note.waitFor();
  expect(await offences(joao.page, panel)).toEqual([]);

  const url = new URL((await note.getAttribute('href')) ?? '', world.server.url);
  expect(await (await fetch(url)).text()).toBe('Nota fiscal');
  expect(forFiles()).toHaveLength(1);
  expect(await panel.locator('.own .file').count()).toBe(1);
});

test('W7: two files with which a chat begins both get there', async ({ world }) => {
  const { panel } = await chatting(world, 'pt-BR');
  const named = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });

  await panel
    .locator('input[type=file]')
    .setInputFiles([named('pedido.txt'), named('endereco.txt')]);

  for (const name of ['pedido.txt', 'endereco.txt']) {
    await panel.locator('.own .file a', { hasText: name }).waitFor();
  }
  expect(await panel.locator('.own').count()).toBe(2);
  expect(await panel.locator('.bringing').count()).toBe(0);
});

for (const { locale, tooLarge, unsupported, cancel } of [
  {
    locale: 'pt-BR',
    tooLarge: 'O arquivo é grande demais: o limite é 10 MB.',
    unsupported: 'Arquivos deste tipo não podem ser enviados.',
    cancel: 'Cancelar',
  },
  {
    locale: 'en',
    tooLarge: 'The file is too large: the limit is 10 MB.',
    unsupported: 'Files of this type cannot be sent.',
    cancel: 'Cancel',
  },
]) {
  test(`W7: a file shows how far it is, can be called off, and why it is refused, ${locale}`, async ({
    world,
  }) => {
    const { joao, panel } = await chatting(world, locale);
    const choose = (name: string, buffer: Buffer) =>
      panel.locator('input[type=file]').setInputFiles({ name, mimeType: 'image/png', buffer });
    const line = (name: string) => panel.locator('.bringing', { hasText: name });

    // Made there: ten megabytes take their time on the way to a browser that is driven.
    await panel.locator('input[type=file]').evaluate((input: HTMLInputElement) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(10_000_001)], 'filme.png'));
      input.files = files.files;
      input.dispatchEvent(new Event('change'));
    });
    await line('filme.png').getByText(tooLarge).waitFor();
    await choose('pagina.png', Buffer.from('<!DOCTYPE html><script>alert(1)</script>'));
    await line('pagina.png').getByText(unsupported).waitFor();
    expect(await offences(joao.page, panel)).toEqual([]);
    await joao.page.route('**/media', () => {});
    await choose('foto.png', Buffer.from('…'));
    await line('foto.png').getByRole('progressbar').waitFor();
    await line('foto.png').getByRole('button', { name: cancel }).click();

    await line('foto.png').waitFor({ state: 'detached' });
    expect(await panel.locator('.own').count()).toBe(0);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`A1: axe finds nothing in the chat, from the first question to the rating, ${colorScheme}`, async ({
    world,
  }) => {
    const joao = await world.visitor();
    await joao.page.emulateMedia({ colorScheme });
    const found: Record<string, string[]> = {};
    const look = async (when: string) => {
      const wrong = await offences(joao.page, joao.panel());
      if (wrong.length > 0) found[when] = wrong;
    };

    await joao.opens();
    await look('asked first');
    await joao.writes('Tem em azul?');
    await joao.panel().locator('.own .ticks', { hasText: '✓' }).waitFor();
    await look('talking');
    await joao.panel().getByRole('button', { name: 'Opções' }).click();
    await look('menu');
    await joao.panel().getByRole('button', { name: 'Encerrar conversa' }).click();
    await joao.panel().locator('.notice .over').waitFor();
    await look('over');

    expect(found).toEqual({});
  });
}
