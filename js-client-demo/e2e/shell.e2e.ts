// What stands around every screen: rows C*, N1 and A4 of docs/client.md.

import { expect, test, until } from './world';

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

test('N1: title and icon tell of what is unread', async ({ world }) => {
  await world.customer('Tiago Arruda').says('Alguém aí?');
  const ada = await world.ada.opens('/board');

  await until('the title counts', async () => /^\(\d+\) Recado$/.test(await ada.page.title()));

  expect(await ada.page.locator('link[rel=icon]').getAttribute('href')).toContain('unread');
});

test('A4: language and theme are chosen once', async ({ world }) => {
  const ada = await world.ada.opens('/board');
  const lang = () => ada.page.evaluate(() => document.documentElement.lang);
  expect(await lang()).toBe('pt-BR');

  await ada.page.getByRole('button', { name: 'Conta de Ada' }).click();
  await ada.page.getByText('English').click();
  await ada.page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('button', { name: 'Theme: As the system' }).click();
  await ada.page.getByRole('button', { name: 'Theme: Light' }).click();
  await ada.page.reload();
  await ada.page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();

  expect(await lang()).toBe('en');
  expect(await ada.page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
});

test('C7: who signs out comes back to where they were', async ({ world }) => {
  const ada = await world.ada.opens('/settings/tokens');

  await ada.page.getByRole('button', { name: 'Conta de Ada' }).click();
  await ada.page.getByRole('button', { name: 'Sair' }).click();
  await ada.signIn(world.ada.email);

  await ada.page.getByRole('heading', { name: 'Tokens da API' }).waitFor();
});
