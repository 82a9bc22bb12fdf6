// Who learns of messages, and by what: rows N* of docs/client.md.

import type { Page } from 'playwright-core';
import { Chat, expect, test, until } from './world';
import type { Customer } from './world/customer';
import { type Person, Screen } from './world/person';
import type { World } from './world/world';

test('N1: title and icon tell of what is unread', async ({ world }) => {
  await world.customer('Tiago Arruda').says('Alguém aí?');
  const ada = await world.ada.opens('/board');

  await until('the title counts', async () => /^\(\d+\) Recado$/.test(await ada.page.title()));

  expect(await ada.page.locator('link[rel=icon]').getAttribute('href')).toContain('unread');
});

test('N2: it rings for messages to me and to nobody, not for those to others or in the open thread', async ({
  world,
}) => {
  const [mine, others, nobodys, open] = [
    world.customer('Cliente Minha'),
    world.customer('Cliente da Ada'),
    world.customer('Cliente de Ninguém'),
    world.customer('Cliente Aberta'),
  ];
  for (const each of [mine, others, nobodys, open]) await each.says('Oi');
  await assign(world, mine, world.bia);
  await assign(world, others, world.ada);
  const bia = await Chat.with(world.bia, open, { before: hearBells });
  await bia.seesStatus('connected');
  await bia.page.keyboard.press('Shift');

  const rung: Record<string, number> = {};
  for (const each of [mine, others, nobodys, open]) {
    const before = await bells(bia.page);
    await each.says('Tem alguém?');
    await bia.row(each).getByText('Tem alguém?').waitFor();
    rung[each.name] = (await bells(bia.page)) - before;
  }

  expect(rung).toEqual({
    'Cliente Minha': 1,
    'Cliente da Ada': 0,
    'Cliente de Ninguém': 1,
    'Cliente Aberta': 0,
  });
});

test('N2: the switch silences it, and lets it ring again', async ({ world }) => {
  const rosa = world.customer('Rosa Silêncio');
  await rosa.says('Oi');
  const { page } = await world.bia.opens('/settings/notifications', { before: hearBells });
  const sound = page.getByRole('checkbox', { name: 'Som' });
  const goesTo = (name: string) => page.getByRole('link', { name }).click();
  const hears = async (words: string) => {
    await goesTo('Quadro');
    await rosa.says(words);
    await page.locator('.card').getByText(words).waitFor();
    return bells(page);
  };

  await sound.uncheck();
  const silent = await hears('Estão aí?');
  await goesTo('Ajustes');
  await goesTo('Notificações');
  await sound.check();
  const audible = await hears('E agora?');

  expect([silent, audible]).toEqual([0, 1]);
});

test('N3: two tabs ring once', async ({ world }) => {
  const duda = world.customer('Duda Duas Abas');
  await duda.says('Oi');
  const bia = await world.bia.opens('/board', { before: hearBells });
  const other = new Screen(await bia.page.context().newPage());
  await hearBells(other.page);
  await other.page.goto(bia.page.url());
  for (const tab of [bia, other]) {
    await tab.seesStatus('connected');
    await tab.page.keyboard.press('Shift');
  }

  await duda.says('Alô?');
  await Promise.all([bia, other].map((tab) => tab.card(duda.name).getByText('Alô?').waitFor()));

  expect((await bells(bia.page)) + (await bells(other.page))).toBe(1);
});

test('N5: permission for notices of the system is asked for by who switches them on, not before', async ({
  world,
}) => {
  const bia = await world.bia.opens('/board', { before: hearQuestions });
  const asked = () => bia.page.evaluate(() => (window as unknown as { asked: number }).asked);
  await bia.seesStatus('connected');
  await world.customer('Nei Novidade').says('Oi');
  await bia.card('Nei Novidade').waitFor();
  await bia.page.getByRole('link', { name: 'Ajustes' }).click();
  await bia.page.getByRole('link', { name: 'Notificações' }).click();
  const before = await asked();

  await bia.page.getByRole('checkbox', { name: 'Avisos do sistema' }).check();

  expect(before).toBe(0);
  expect(await asked()).toBe(1);
});

async function assign(world: World, customer: Customer, to: Person): Promise<void> {
  const { user } = await to.asks<{ user: { id: string } }>('/api/me');
  const path = `/api/conversations/${await customer.conversation()}`;
  await world.ada.asks(path, 'PATCH', { assigneeId: user.id });
}

/** Counts the tones that a page lets be heard. */
function hearBells(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const { start } = OscillatorNode.prototype;
    const heard = { tones: 0 };
    Object.assign(window, { heard });
    OscillatorNode.prototype.start = function (at) {
      heard.tones += 1;
      start.call(this, at);
    };
  });
}

/** How often the bell has rung, which has two tones; one that is about to ring is waited for. */
async function bells(page: Page): Promise<number> {
  const tones = await page.evaluate(() =>
    navigator.locks.request(
      'recado.rung',
      () => (window as unknown as { heard: { tones: number } }).heard.tones,
    ),
  );
  return tones / 2;
}

/** Counts how often a page asks whether it may show notices; it may. */
function hearQuestions(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const told = { asked: 0 };
    Object.defineProperty(window, 'asked', { get: () => told.asked });
    Object.defineProperty(Notification, 'permission', {
      get: () => (told.asked > 0 ? 'granted' : 'default'),
    });
    Notification.requestPermission = async () => {
      told.asked += 1;
      return 'granted';
    };
  });
}
