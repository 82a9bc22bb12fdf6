// The board, rows B* of docs/client.md.

import type { Locator, Page } from 'playwright-core';
import { expect, test, until } from './world';
import { secondsAgo } from './world/customer';
import type { Screen } from './world/person';

test('B1: a message posted by a webhook is on the board of everyone within a second', async ({
  world,
}) => {
  const helena = world.customer('Helena Prado');
  const ada = await world.ada.opens('/board');
  const bia = await world.bia.opens('/board');
  await Promise.all([ada.seesStatus('connected'), bia.seesStatus('connected')]);

  const total = ada.column('Novo').locator('.column-count');
  const before = Number(await total.innerText());
  const posted = Date.now();
  await helena.says('Consegue confirmar se chega até sexta?');
  await Promise.all([
    ada.card('Helena Prado').getByText('chega até sexta').waitFor(),
    bia.card('Helena Prado').getByText('chega até sexta').waitFor(),
  ]);

  expect(Date.now() - posted).toBeLessThan(1_000);
  expect(await total.innerText()).toBe(String(before + 1));
});

test('B2: the keyboard takes a card to the next stage, and back by Desfazer', async ({ world }) => {
  await world.customer('Bruno Siqueira').says('Oi!');
  const ada = await world.ada.opens('/board');
  const bia = await world.bia.opens('/board');
  const link = ada.card('Bruno Siqueira').getByRole('link');

  await link.focus();
  await ada.page.keyboard.press('Space');
  await ada.page.getByText('Bruno Siqueira está na mão, em Novo').waitFor({ state: 'attached' });
  await ada.page.keyboard.press('ArrowRight');
  await ada.page.getByText('Bruno Siqueira sobre Em atendimento').waitFor({ state: 'attached' });
  await ada.page.keyboard.press('Space');

  await ada.column('Em atendimento').getByText('Bruno Siqueira').waitFor();
  await bia.column('Em atendimento').getByText('Bruno Siqueira').waitFor();
  await ada.page.getByRole('button', { name: 'Desfazer' }).click();
  await bia.column('Novo').getByText('Bruno Siqueira').waitFor();
});

test('B2: Escape leaves a card where it was', async ({ world }) => {
  await world.customer('Otávio Lacerda').says('Olá');
  const ada = await world.ada.opens('/board');

  await ada.card('Otávio Lacerda').getByRole('link').focus();
  await ada.page.keyboard.press('Space');
  await ada.page.getByText('está na mão').waitFor({ state: 'attached' });
  await ada.page.keyboard.press('ArrowRight');
  await ada.page.keyboard.press('Escape');

  await ada.page.getByText('Otávio Lacerda ficou onde estava').waitFor({ state: 'attached' });
  expect(await ada.column('Novo').getByText('Otávio Lacerda').count()).toBe(1);
});

test('B3: the mouse puts a card where it is let go', async ({ world }) => {
  await world.customer('Sônia Barreto').says('Recebi em duplicidade');
  const ada = await world.ada.opens('/board');
  // She sees it moved before the server has heard of it.
  const moved = ada.page.waitForResponse((answer) => answer.request().method() === 'PATCH');

  await drag(ada, 'Sônia Barreto', 'Aguardando cliente');

  await ada.column('Aguardando cliente').getByText('Sônia Barreto').waitFor();
  expect((await moved).ok()).toBe(true);
  await ada.page.reload();
  await ada.column('Aguardando cliente').getByText('Sônia Barreto').waitFor();
});

test('B3: a card that the server refuses to move goes back, and says so', async ({ world }) => {
  await world.customer('Luana Teles').says('Bom dia');
  const ada = await world.ada.opens('/board', { mayLoseTouch: true });
  await ada.page.route('**/api/conversations/*', (route) =>
    route.request().method() === 'PATCH'
      ? route.fulfill({ status: 409, json: { code: 'conflict' } })
      : route.continue(),
  );

  await drag(ada, 'Luana Teles', 'Resolvido');

  await ada.page.getByText('Luana Teles não pôde ser movida: voltou para Novo').waitFor();
  await ada.column('Novo').getByText('Luana Teles').waitFor();
});

test('B3: a finger that rests on a card takes it along', async ({ world }) => {
  await world.customer('Marcos Vilela').says('Tudo bem?');
  const ada = await world.ada.opens('/board', { isPhone: true, width: 1024, height: 900 });
  const touch = await fingerOf(ada.page);
  const from = await centre(ada.card('Marcos Vilela'));
  const to = await centre(ada.column('Em atendimento'));

  await touch('touchStart', from);
  await ada.page.locator('.in-hand').waitFor();
  for (const share of [0.3, 0.6, 1]) {
    await touch('touchMove', { x: from.x + (to.x - from.x) * share, y: from.y });
  }
  await ada.page.locator('.column[data-over=true]', { hasText: 'Em atendimento' }).waitFor();
  await touch('touchEnd');

  await ada.column('Em atendimento').getByText('Marcos Vilela').waitFor();
});

test('B4: M asks where to move a card, arrows choose, Escape changes nothing', async ({
  world,
}) => {
  await world.customer('Igor Mascarenhas').says('Valeu');
  const ada = await world.ada.opens('/board');
  const link = ada.card('Igor Mascarenhas').getByRole('link');

  await link.focus();
  await ada.page.keyboard.press('m');
  await ada.page.getByRole('menu', { name: 'Mover para' }).waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('menu').waitFor({ state: 'hidden' });
  await until('the card has the focus again', () =>
    link.evaluate((it) => it === document.activeElement),
  );
  await ada.page.keyboard.press('m');
  await ada.page.getByRole('menuitemradio', { name: 'Novo', checked: true }).waitFor();
  await ada.page.keyboard.press('ArrowDown');
  await ada.page.keyboard.press('Enter');

  await ada.column('Em atendimento').getByText('Igor Mascarenhas').waitFor();
});

test('B5: a card in hand is not pulled away when a colleague moves it', async ({ world }) => {
  await world.customer('Camila Rezende').says('Áudio?');
  const ada = await world.ada.opens('/board');
  const from = await centre(ada.card('Camila Rezende'));

  await ada.page.mouse.move(from.x, from.y);
  await ada.page.mouse.down();
  await ada.page.mouse.move(from.x + 30, from.y + 10, { steps: 5 });
  await ada.page.locator('.in-hand').waitFor();
  const id = await ada.card('Camila Rezende').first().getAttribute('data-card');
  const { stages } = await world.bia.asks<{ stages: { id: string }[] }>('/api/stages');
  await world.bia.asks(`/api/conversations/${id}`, 'PATCH', { stageId: stages[3]?.id });
  const total = ada.column('Resolvido').locator('.column-count');
  await until(
    'the move of the colleague has come',
    async () => Number(await total.innerText()) > 0,
  );

  expect(await ada.page.locator('.in-hand').count()).toBe(1);
  expect(await ada.column('Novo').locator(`[data-card="${id}"]`).count()).toBe(1);
  await ada.page.keyboard.press('Escape');
  await ada.column('Resolvido').getByText('Camila Rezende').waitFor();
  await ada.page.mouse.up();
});

test('B6: a card opens its thread, and the way back leads to where the column was', async ({
  world,
}) => {
  const people = Array.from({ length: 12 }, (_, n) => world.customer(`Fila ${n}`));
  await Promise.all(people.map((each) => each.says('Oi')));
  const ada = await world.ada.opens('/board', { height: 600 });
  const cards = ada.column('Novo').locator('.column-cards');
  await cards.locator('.card').first().waitFor();
  const place = () => cards.evaluate((box) => Math.round(box.scrollTop));
  await cards.hover();
  await ada.page.mouse.wheel(0, 700);
  await until('the column has moved', async () => (await place()) >= 600);
  const before = await place();
  const { y } = await centre(cards);
  const inSight = await cards
    .locator('.card')
    .evaluateAll(
      (all, middle) => all.find((it) => it.getBoundingClientRect().bottom > middle)?.dataset.card,
      y,
    );
  const card = cards.locator(`[data-card="${inSight}"]`);
  const at = await centre(card);

  await card.click();
  await ada.page.locator('.message').first().waitFor();
  await ada.page.goBack();
  await card.waitFor();

  expect(await place()).toBe(before);
  expect((await centre(card)).y).toBe(at.y);
});

test('B7: moving a resolved card changes nothing else about it', async ({ world }) => {
  const pedro = world.customer('Pedro Falcão');
  await pedro.says('Obrigado');
  const path = `/api/conversations/${await pedro.conversation()}`;
  await world.ada.asks(path, 'PATCH', { status: 'RESOLVED', labels: ['B2B'] });
  const ada = await world.ada.opens('/board');

  await drag(ada, 'Pedro Falcão', 'Aguardando cliente');
  await ada.column('Aguardando cliente').getByText('Pedro Falcão').waitFor();
  await ada.page.getByText('Pedro Falcão foi para').waitFor();

  expect(await world.ada.asks(path)).toMatchObject({
    status: 'RESOLVED',
    labels: ['B2B'],
    assigneeId: null,
  });
});

test('B8: who waits more than 3 minutes is amber, more than 15 red', async ({ world }) => {
  await world.customer('Quatro Minutos').says('Oi', { timestamp: secondsAgo(4 * 60) });
  await world.customer('Vinte Minutos').says('Oi', { timestamp: secondsAgo(20 * 60) });
  const ada = await world.ada.opens('/board');

  const hot = (name: string) => ada.card(name).locator('.waiting').getAttribute('data-hot');

  expect(await hot('Quatro Minutos')).toBe('false');
  expect(await hot('Vinte Minutos')).toBe('true');
});

test('B8: after how many minutes is for each to say, and kept', async ({ world }) => {
  await world.customer('Seis Minutos').says('Oi', { timestamp: secondsAgo(6 * 60) });
  const ada = await world.ada.opens('/settings/notifications');

  await ada.page.getByLabel('Âmbar depois de').fill('2');
  await ada.page.getByLabel('Vermelho depois de').fill('5');
  await ada.goes('/board', '.card');
  await ada.card('Seis Minutos').locator('.waiting[data-hot=true]').waitFor();
  await ada.goes('/settings/notifications', '.entries li');
  await ada.page.getByLabel('Âmbar depois de').fill('10');
  await ada.page.getByLabel('Vermelho depois de').fill('20');
  await ada.page.getByRole('link', { name: 'Quadro' }).click();
  await ada.card('Seis Minutos').waitFor();

  expect(await ada.card('Seis Minutos').locator('.waiting').count()).toBe(0);
});

test('L4, L5: search ignores accents, and whose cards are shown is kept over a reload', async ({
  world,
}) => {
  await world.customer('Otávio Reis').says('Oi');
  await world.customer('Nathália Brandão').says('Chegou tudo certinho!');
  const ada = await world.ada.opens('/board');
  await ada.card('Otávio Reis').waitFor();

  await ada.page.getByRole('searchbox').fill('nathalia brandao');
  await ada.card('Otávio Reis').waitFor({ state: 'detached' });
  await ada.card('Nathália Brandão').waitFor();
  await ada.page.getByRole('button', { name: 'Limpar filtros' }).click();
  await ada.page.getByText('Sem dono').click();
  await ada.card('Otávio Reis').waitFor();
  await ada.page.getByText('Minhas').click();
  await ada.card('Otávio Reis').waitFor({ state: 'detached' });
  await ada.page.reload();

  await ada.column('Novo').getByText('Nada aqui com estes filtros').waitFor();
  expect(await ada.page.getByRole('radio', { name: 'Minhas' }).isChecked()).toBe(true);
});

async function drag(person: Screen, name: string, stage: string): Promise<void> {
  const { page } = person;
  // Once it lies still: a board that has just been opened still moves.
  await person.card(name).first().hover();
  const from = await centre(person.card(name));
  const to = await centre(person.column(stage));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 20, from.y, { steps: 4 });
  await page.locator('.in-hand').waitFor();
  await page.mouse.move(to.x, to.y - 200, { steps: 12 });
  await page.locator('.column[data-over=true]', { hasText: stage }).waitFor();
  await page.mouse.up();
}

async function centre(locator: Locator): Promise<{ x: number; y: number }> {
  await locator.first().waitFor();
  const box = await locator.first().boundingBox();
  if (!box) throw new Error('it is not to be seen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function fingerOf(page: Page) {
  const session = await page.context().newCDPSession(page);
  return (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: { x: number; y: number }) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] });
}
