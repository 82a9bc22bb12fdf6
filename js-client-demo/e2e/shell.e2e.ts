// What stands around every screen: rows N1 and A4 of docs/client.md.

import { expect, test } from './world';

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
