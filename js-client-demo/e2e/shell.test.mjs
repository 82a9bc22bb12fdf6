// What stands around every screen: rows C*, N1 and A4 of docs/client.md.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agent, openBrowser, signIn, until } from './people.mjs';
import { startServer } from './server.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('C1: the indicator says Tempo real with milliseconds, and its details on request', async () => {
  const ada = await agent(browser, server);

  await ada.seesStatus('connected');
  await ada.page
    .getByText(/^\d+ ms$/)
    .first()
    .waitFor();
  await ada.page.getByTitle('Detalhes da conexão').click();

  const details = ada.page.locator('.connection-details');
  await details.getByText('websocket').waitFor();
  for (const name of ['Último evento', 'Tentativa', 'Próxima tentativa', 'Último erro']) {
    assert.equal(await details.getByText(name, { exact: true }).isVisible(), true, name);
  }
  await ada.leave();
});

test('C3: without the server the page says so, and is live again when it is back', async () => {
  const ada = await agent(browser, server, { mayLoseTouch: true });
  await ada.seesStatus('connected');

  await server.away();
  await ada.page.getByRole('alert').getByRole('button', { name: 'Tentar agora' }).waitFor();
  await server.back();
  await ada.page.getByRole('button', { name: 'Tentar agora' }).first().click();
  await ada.seesStatus('connected');
  await server.customer('Rosa Lima', '5511977776666').says('Voltou?');

  await ada.card('Rosa Lima').waitFor();
  await ada.leave();
});

test('N1: title and icon tell of what is unread', async () => {
  await server.customer('Tiago Arruda', '5511955554444').says('Alguém aí?');
  const ada = await agent(browser, server);

  await until('the title counts', async () => /^\(\d+\) Recado$/.test(await ada.page.title()));

  assert.match(await ada.page.locator('link[rel=icon]').getAttribute('href'), /unread/);
  await ada.leave();
});

test('A4: language and theme are chosen once', async () => {
  const ada = await agent(browser, server);
  const lang = () => ada.page.evaluate(() => document.documentElement.lang);
  assert.equal(await lang(), 'pt-BR');

  await ada.page.getByRole('button', { name: 'Conta de Ada' }).click();
  await ada.page.getByText('English').click();
  await ada.page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('button', { name: 'Theme: As the system' }).click();
  await ada.page.getByRole('button', { name: 'Theme: Light' }).click();
  await ada.page.reload();
  await ada.page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();

  assert.equal(await lang(), 'en');
  assert.equal(await ada.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await ada.leave();
});

test('C7: who signs out comes back to where they were', async () => {
  const ada = await agent(browser, server, { path: '/settings/tokens' });

  await ada.page.getByRole('button', { name: 'Conta de Ada' }).click();
  await ada.page.getByRole('button', { name: 'Sair' }).click();
  await ada.page.locator('[name=email]').waitFor();
  await signIn(ada.page, 'admin@demo.test');

  await ada.page.getByRole('heading', { name: 'Tokens da API' }).waitFor();
  await ada.leave();
});
