// What each screen is written in: row A4 of docs/client.md.

import { Chat, expect, test } from './world';
import { secondsAgo } from './world/customer';

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

test('A4: English has its plurals, numbers, times and dates', async ({ world }) => {
  const [olga, hugo] = [world.customer('Olga Inglesa'), world.customer('Hugo Ontem')];
  const texts = Array.from({ length: 250 }, (_, n) => ({ type: 'text', text: { body: `${n}` } }));
  await olga.saysAll(texts);
  await olga.saysAll(texts);
  await hugo.says('Oi', { timestamp: secondsAgo(24 * 3_600) });
  const chat = await Chat.with(world.ada, olga, { locale: 'en' });
  await chat.seesStatus('connected');
  await chat.settles();

  await chat.scroll(-2_000);
  await olga.says('one');
  await chat.page.getByText('1 new message', { exact: true }).waitFor();
  await olga.says('two');
  await chat.page.getByText('2 new messages', { exact: true }).waitFor();
  await chat.page.getByTitle('Connection details').click();
  const cursor = chat.page.locator('.connection-details dt', { hasText: 'Last event' });

  expect(await cursor.locator('+ dd').innerText()).toMatch(/^\d,\d{3}$/);
  expect(await chat.page.locator('.message time').first().innerText()).toMatch(/^\d\d:\d\d [AP]M$/);
  expect(await chat.row(hugo).locator('time').innerText()).toBe('yesterday');
  expect(await chat.page.evaluate(() => document.documentElement.lang)).toBe('en');
});
