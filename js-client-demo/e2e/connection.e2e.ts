// How live the page is, and what it does about it: rows C* of docs/client.md.

import type { Page, WebSocketRoute } from 'playwright-core';
import { Chat, expect, test } from './world';

test('C1: the indicator says Tempo real with milliseconds, and its details on request', async ({
  world,
}) => {
  const ada = await world.ada.opens('/board');

  await ada.seesStatus('connected');
  await ada.page
    .getByText(/^\d+ ms$/)
    .first()
    .waitFor();
  await ada.page.getByTitle('Detalhes da conexão').click();

  const details = ada.page.locator('.connection-details');
  await details.getByText('websocket').waitFor();
  for (const name of ['Último evento', 'Tentativa', 'Próxima tentativa', 'Último erro']) {
    await details.getByText(name, { exact: true }).waitFor();
  }
});

test('C3: without the server the page says so, and is live again when it is back', async ({
  world,
}) => {
  const ada = await world.ada.opens('/board', { mayLoseTouch: true });
  await ada.seesStatus('connected');

  await world.server.stop('SIGKILL');
  await ada.page.getByRole('alert').getByRole('button', { name: 'Tentar agora' }).waitFor();
  await world.server.start();
  await ada.page.getByRole('button', { name: 'Tentar agora' }).first().click();
  await ada.seesStatus('connected');
  await world.customer('Rosa Lima').says('Voltou?');

  await ada.card('Rosa Lima').waitFor();
});

test('C7: who signs out comes back to where they were', async ({ world }) => {
  const ada = await world.ada.opens('/settings/tokens');

  await ada.page.getByRole('button', { name: 'Conta de Ada' }).click();
  await ada.page.getByRole('button', { name: 'Sair' }).click();
  await ada.signIn(world.ada.email);

  await ada.page.getByRole('heading', { name: 'Tokens da API' }).waitFor();
});

test('C5: a drop of less than 1.5 s shows no banner; each state has a word and a shape of its own', async ({
  world,
}) => {
  const ada = await world.ada.opens('/board', { mayLoseTouch: true });
  await ada.seesStatus('connected');
  const live = await indicator(ada.page);
  await watchNotices(ada.page);

  await ada.page.context().setOffline(true);
  await ada.seesStatus('disconnected');
  const offline = await indicator(ada.page);
  await ada.page.context().setOffline(false);
  await ada.seesStatus('connected');
  const afterDrop = await ada.page.evaluate(noticed);
  await ada.page.context().setOffline(true);
  await ada.page.getByRole('alert').waitFor();
  const afterLoss = await ada.page.evaluate(noticed);
  await ada.page.context().setOffline(false);
  await refuseSockets(ada.page);
  await ada.page.reload();
  await ada.seesStatus('polling');
  const polling = await indicator(ada.page);

  // However slow the machine is: none that came sooner.
  expect(afterDrop.filter((ms) => ms < 1_400)).toEqual([]);
  expect(afterLoss.filter((ms) => ms < 1_400)).toEqual([]);
  expect([live, offline, polling].map(({ word }) => word)).toEqual([
    'Tempo real',
    'Offline',
    'Polling',
  ]);
  expect(new Set([live, offline, polling].map(({ shape }) => shape)).size).toBe(3);
});

test('C6: a socket that died while the laptop slept is found, and what was missed is there', async ({
  world,
}) => {
  const lia = world.customer('Lia Sono');
  await lia.says('Boa noite');
  const isDead = { yet: false };
  const bia = await Chat.with(world.bia, lia, {
    before: (page) => page.routeWebSocket(/socket\.io/, (socket) => passUntil(isDead, socket)),
  });
  await bia.seesStatus('connected');

  isDead.yet = true;
  await lia.says('Bom dia');
  const woke = Date.now();
  await bia.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await bia.message('Bom dia').waitFor();

  // Three seconds for one answer; without being asked, it would be found after 45.
  expect(Date.now() - woke).toBeLessThan(10_000);
  await bia.seesStatus('connected');
});

test('C7: who is let in no more is asked to sign in, once, and finds route and draft again', async ({
  world,
}) => {
  const rui = world.customer('Rui Sessão');
  await rui.says('Oi');
  const bia = await Chat.with(world.bia, rui, { mayLoseTouch: true });
  await bia.seesStatus('connected');
  await bia.field.fill('Já vejo, um minuto');
  const address = bia.page.url();
  const { users } = await world.ada.asks<{ users: { id: string; email: string }[] }>('/api/users');
  const path = `/api/users/${users.find(({ email }) => email === world.bia.email)?.id}`;

  await bia.page.clock.install();
  await world.ada.asks(path, 'PATCH', { isDisabled: true });
  await world.ada.asks(path, 'PATCH', { isDisabled: false });
  await bia.page.getByText('Sua sessão expirou').waitFor();
  const asked: string[] = [];
  bia.page.on('request', (request) => asked.push(request.url()));
  await bia.page.clock.runFor('10:00');
  await bia.signIn(world.bia.email);
  await bia.message('Oi').waitFor();

  expect(asked.filter((url) => !url.startsWith('data:'))[0]).toContain('/api/sessions');
  expect(bia.page.url()).toBe(address);
  expect(await bia.field.inputValue()).toBe('Já vejo, um minuto');
  await bia.seesStatus('connected');
});

test('C8: who was away for longer than the log is kept, gets list and thread afresh', async ({
  world,
}) => {
  const [ivo, nina] = [world.customer('Ivo Ausente'), world.customer('Nina Nova')];
  await ivo.says('Antes');
  const bia = await Chat.with(world.bia, ivo, { mayLoseTouch: true });
  await bia.seesStatus('connected');

  await bia.page.context().setOffline(true);
  await bia.seesStatus('disconnected');
  for (let n = 1; n <= 12; n += 1) await ivo.says(`Durante, ${n} de 12`);
  await nina.says('Cheguei agora');
  await world.server.stop();
  await world.server.start({ LOG_RETENTION_EVENTS: '3' });
  await bia.page.context().setOffline(false);

  await bia.message('Durante, 12 de 12').waitFor();
  await bia.row(nina).waitFor();
  expect(await bia.page.locator('.message', { hasText: 'Durante' }).count()).toBe(12);
  expect(await bia.message('Antes').count()).toBe(1);
  await ivo.says('Depois');
  await bia.message('Depois').waitFor();
});

/** The word of the indicator, and its shape without its colour. */
async function indicator(page: Page): Promise<{ word: string; shape: string }> {
  const shape = await page.locator('.bar .connection-shape').evaluate((it) => {
    const { borderRadius, borderWidth, rotate } = getComputedStyle(it);
    return [borderRadius, borderWidth, rotate].join(' ');
  });
  return { word: await page.locator('.bar .connection').getByRole('status').innerText(), shape };
}

/** Notes for `noticed` each banner that is shown from now on. */
function watchNotices(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    let [status, since, isShown] = ['', 0, false];
    const look = () => {
      const now = document.querySelector<HTMLElement>('.bar .connection')?.dataset.status ?? '';
      if (now !== status) since = performance.now();
      const isNow = document.querySelector('.notice') !== null;
      if (isNow && !isShown) seen.push(performance.now() - since);
      [status, isShown] = [now, isNow];
    };
    const what = { subtree: true, childList: true, attributeFilter: ['data-status'] };
    new MutationObserver(look).observe(document.body, what);
  });
}

/** How long the state had lasted when each banner came, in milliseconds. */
const noticed = () => (window as unknown as { seen: number[] }).seen;

function refuseSockets(page: Page): Promise<void> {
  return page.routeWebSocket(/socket\.io/, (socket) => socket.close());
}

/** Passes on what is said until the device falls asleep; what is opened after that, is awake. */
function passUntil(isDead: { yet: boolean }, socket: WebSocketRoute): void {
  const server = socket.connectToServer();
  if (isDead.yet) return;
  socket.onMessage((said) => isDead.yet || server.send(said));
  server.onMessage((said) => isDead.yet || socket.send(said));
}
