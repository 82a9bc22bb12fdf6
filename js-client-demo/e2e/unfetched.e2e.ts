// What cannot be fetched says so, and is fetched when somebody has it tried again.

import { resolve } from 'node:path';
import type { Frame, Route } from 'playwright-core';
import { expect, test } from './world';
import { offences } from './world/axe';
import { chatting } from './world/chatting';

const picture = resolve(import.meta.dirname, 'world/picture.png');

for (const [locale, told] of [
  ['pt-BR', 'picture.png: não enviado · Tentar de novo'],
  ['en', 'picture.png: not sent · Try again'],
] as const) {
  test(`W7: without a network for what files take, that is said, and they go when one tries again, ${locale}`, async ({
    world,
  }) => {
    const { joao, panel } = await chatting(world, locale);
    await joao.page.route('**/files-*.js', (route) => route.abort('internetdisconnected'));

    await panel.locator('input[type=file]').setInputFiles(picture);
    const again = panel.getByRole('alert').getByRole('button', { name: told });
    await again.waitFor();
    expect(await offences(joao.page, panel)).toEqual([]);
    await joao.page.unrouteAll();
    await again.click();

    await panel.locator('.own .file img').waitFor();
    expect(await again.count()).toBe(0);
  });
}

for (const { locale, options, save, told } of [
  {
    locale: 'pt-BR',
    options: 'Opções',
    save: 'Baixar a conversa',
    told: 'A conversa não foi baixada · Tentar de novo',
  },
  {
    locale: 'en',
    options: 'Options',
    save: 'Download the chat',
    told: 'The chat was not downloaded · Try again',
  },
]) {
  for (const lost of ['**/transcript-*.js', '**/transcript?format=text']) {
    test(`W7: a chat that cannot be downloaded (${lost}) says so, ${locale}`, async ({ world }) => {
      const { joao, panel } = await chatting(world, locale);
      await writes(panel, 'Guarde isto');
      await joao.page.route(lost, isLost);

      for (const _ of [1, 2]) {
        await panel.getByRole('button', { name: options }).click();
        await panel.getByRole('button', { name: save }).click();
        await panel.getByRole('alert').getByRole('button', { name: told }).waitFor();
      }
      expect(await panel.getByRole('alert').count()).toBe(1);
      expect(await offences(joao.page, panel)).toEqual([]);
      await joao.page.unrouteAll();
      const saved = joao.page.waitForEvent('download');
      await panel.getByRole('button', { name: told }).click();

      expect((await saved).suggestedFilename()).toBe('chat.txt');
      expect(await panel.getByRole('alert').count()).toBe(0);
    });
  }
}

for (const { locale, options, end, notEnded, notShown, stars, comment, notSent, thanks } of [
  {
    locale: 'pt-BR',
    options: 'Opções',
    end: 'Encerrar conversa',
    notEnded: 'A conversa não foi encerrada · Tentar de novo',
    notShown: 'Conversa encerrada, mas a avaliação não abriu · Tentar de novo',
    stars: '4 de 5',
    comment: 'Quer comentar?',
    notSent: 'A avaliação não foi enviada · Tentar de novo',
    thanks: 'Obrigado pela avaliação!',
  },
  {
    locale: 'en',
    options: 'Options',
    end: 'End the chat',
    notEnded: 'The chat was not ended · Try again',
    notShown: 'The chat is over, but the rating did not open · Try again',
    stars: '4 of 5',
    comment: 'Anything to add?',
    notSent: 'The rating was not sent · Try again',
    thanks: 'Thank you for telling us!',
  },
]) {
  test(`W7: an end and a rating that do not get there say so, ${locale}`, async ({ world }) => {
    const { joao, panel } = await chatting(world, locale);
    await writes(panel, 'Só isso');
    for (const lost of ['**/end', '**/over-*.js', '**/rating']) {
      await joao.page.route(lost, isLost);
    }
    const tries = async (told: string, lost: string) => {
      const again = panel.getByRole('alert').getByRole('button', { name: told });
      await again.waitFor();
      expect(await offences(joao.page, panel)).toEqual([]);
      await joao.page.unroute(lost);
      await again.click();
    };

    await panel.getByRole('button', { name: options }).click();
    await panel.getByRole('button', { name: end }).click();
    await tries(notEnded, '**/end');
    await tries(notShown, '**/over-*.js');
    await panel.getByRole('button', { name: stars }).click();
    await panel.getByRole('textbox', { name: comment }).fill('Rápido!');
    await joao.page.keyboard.press('Enter');
    await tries(notSent, '**/rating');

    await panel.getByText(thanks).waitFor();
    expect(await panel.getByRole('alert').count()).toBe(0);
  });
}

for (const { locale, told, again, name } of [
  {
    locale: 'pt-BR',
    told: 'Não foi possível carregar a visita ao site.',
    again: 'Tentar de novo',
    name: 'No site',
  },
  {
    locale: 'en',
    told: 'The visit to the site could not be loaded.',
    again: 'Try again',
    name: 'On the site',
  },
] as const) {
  test(`a visit that cannot be loaded says so beside the chat, ${locale}`, async ({ world }) => {
    const joao = await world.visitor();
    await joao.opens();
    await joao.writes(`Alguém aí, ${locale}?`);
    const card = (await world.ada.opens('/board')).card('João Silva');
    const id = await card.filter({ hasText: locale }).getAttribute('data-card');
    const { page } = await world.bia.opens(`/chat/${id}`, {
      locale,
      mayLoseTouch: true,
      before: (page) => page.route(/livechat\/sessions\?/, isLost),
    });

    const alert = page.getByRole('alert').filter({ hasText: told });
    await alert.waitFor();
    expect(await offences(page)).toEqual([]);
    await page.unrouteAll();
    await alert.getByRole('button', { name: again }).click();

    await page.getByRole('region', { name }).waitFor();
    expect(await alert.count()).toBe(0);
  });
}

/** A visitor writes, and sees that it is sent. */
async function writes(panel: Frame, text: string): Promise<void> {
  const entry = panel.locator('.composer textarea');
  await entry.fill(text);
  await entry.press('Enter');
  await panel.locator('.own .ticks', { hasText: '✓' }).waitFor();
}

/** What the client is made of does not get here; what it asks the server is answered by none. */
function isLost(route: Route): Promise<void> {
  const isScript = route.request().resourceType() === 'script';
  return isScript ? route.abort('internetdisconnected') : route.fulfill({ status: 502 });
}
