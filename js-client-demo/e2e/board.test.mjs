// The board, rows B* of docs/client.md.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agent, openBrowser, until } from './people.mjs';
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

test('B1: a message posted by a webhook is on the board of everyone within a second', async () => {
  const helena = server.customer('Helena Prado', '5511982314410');
  const ada = await agent(browser, server);
  const bia = await agent(browser, server, { email: 'agent@demo.test' });
  await Promise.all([ada.seesStatus('connected'), bia.seesStatus('connected')]);

  const posted = Date.now();
  await helena.says('Consegue confirmar se chega até sexta?');
  await Promise.all([
    ada.card('Helena Prado').getByText('chega até sexta').waitFor(),
    bia.card('Helena Prado').getByText('chega até sexta').waitFor(),
  ]);

  assert.ok(Date.now() - posted < 1_000, `it took ${Date.now() - posted} ms`);
  assert.equal(await ada.column('Novo').locator('.column-count').innerText(), '1');
  await ada.leave();
  await bia.leave();
});

test('B2: the keyboard takes a card to the next stage, and back by Desfazer', async () => {
  await server.customer('Bruno Siqueira', '5585991226033').says('Oi!');
  const ada = await agent(browser, server);
  const bia = await agent(browser, server, { email: 'agent@demo.test' });
  const link = ada.card('Bruno Siqueira').getByRole('link');

  await link.focus();
  await press(ada.page, 'Space');
  await ada.page.getByText('Bruno Siqueira está na mão, em Novo').waitFor({ state: 'attached' });
  await press(ada.page, 'ArrowRight');
  await ada.page.getByText('Bruno Siqueira sobre Em atendimento').waitFor({ state: 'attached' });
  await press(ada.page, 'Space');

  await ada.column('Em atendimento').getByText('Bruno Siqueira').waitFor();
  await bia.column('Em atendimento').getByText('Bruno Siqueira').waitFor();
  await ada.page.getByRole('button', { name: 'Desfazer' }).click();
  await bia.column('Novo').getByText('Bruno Siqueira').waitFor();
  await ada.leave();
  await bia.leave();
});

test('B2: Escape leaves a card where it was', async () => {
  await server.customer('Otávio Lacerda', '5521997100092').says('Olá');
  const ada = await agent(browser, server);

  await ada.card('Otávio Lacerda').getByRole('link').focus();
  await press(ada.page, 'Space');
  await ada.page.getByText('está na mão').waitFor({ state: 'attached' });
  await press(ada.page, 'ArrowRight');
  await press(ada.page, 'Escape');

  await ada.page.getByText('Otávio Lacerda ficou onde estava').waitFor({ state: 'attached' });
  assert.equal(await ada.column('Novo').getByText('Otávio Lacerda').count(), 1);
  await ada.leave();
});

test('B3: the mouse puts a card where it is let go', async () => {
  await server.customer('Sônia Barreto', '5531988447105').says('Recebi em duplicidade');
  const ada = await agent(browser, server);

  await drag(ada, 'Sônia Barreto', 'Aguardando cliente');

  await ada.column('Aguardando cliente').getByText('Sônia Barreto').waitFor();
  await ada.page.reload();
  await ada.column('Aguardando cliente').getByText('Sônia Barreto').waitFor();
  await ada.leave();
});

test('B3: a card that the server refuses to move goes back, and says so', async () => {
  await server.customer('Luana Teles', '5571999551287').says('Bom dia');
  const ada = await agent(browser, server, { mayLoseTouch: true });
  await ada.page.route('**/api/conversations/*', (route) =>
    route.request().method() === 'PATCH'
      ? route.fulfill({ status: 409, json: { code: 'conflict' } })
      : route.continue(),
  );

  await drag(ada, 'Luana Teles', 'Resolvido');

  await ada.page.getByText('Luana Teles não pôde ser movida: voltou para Novo').waitFor();
  await ada.column('Novo').getByText('Luana Teles').waitFor();
  await ada.leave();
});

test('B3: a finger that rests on a card takes it along', async () => {
  await server.customer('Marcos Vilela', '5548996664471').says('Tudo bem?');
  const ada = await agent(browser, server, { touch: true, width: 1024, height: 900 });
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
  await ada.leave();
});

test('B4: M asks where to move a card, arrows choose, Escape changes nothing', async () => {
  await server.customer('Igor Mascarenhas', '5527988556120').says('Valeu');
  const ada = await agent(browser, server);
  const link = ada.card('Igor Mascarenhas').getByRole('link');

  await link.focus();
  await press(ada.page, 'm');
  await ada.page.getByRole('menu', { name: 'Mover para' }).waitFor();
  await press(ada.page, 'Escape');
  await ada.page.getByRole('menu').waitFor({ state: 'hidden' });
  await until('the card has the focus again', () =>
    link.evaluate((it) => it === document.activeElement),
  );
  await press(ada.page, 'm');
  await ada.page.getByRole('menuitemradio', { name: 'Novo', checked: true }).waitFor();
  await press(ada.page, 'ArrowDown');
  await press(ada.page, 'Enter');

  await ada.column('Em atendimento').getByText('Igor Mascarenhas').waitFor();
  await ada.leave();
});

test('B5: a card in hand is not pulled away when a colleague moves it', async () => {
  await server.customer('Camila Rezende', '5541996778120').says('Áudio?');
  const ada = await agent(browser, server);
  const asBia = await server.as('agent@demo.test');
  const from = await centre(ada.card('Camila Rezende'));

  await ada.page.mouse.move(from.x, from.y);
  await ada.page.mouse.down();
  await ada.page.mouse.move(from.x + 30, from.y + 10, { steps: 5 });
  await ada.page.locator('.in-hand').waitFor();
  const id = await ada.card('Camila Rezende').first().getAttribute('data-card');
  const { stages } = await asBia('/api/stages');
  await asBia(`/api/conversations/${id}`, 'PATCH', { stageId: stages[3].id });
  const total = ada.column('Resolvido').locator('.column-count');
  await until(
    'the move of the colleague has come',
    async () => Number(await total.innerText()) > 0,
  );

  assert.equal(await ada.page.locator('.in-hand').count(), 1);
  assert.equal(await ada.column('Novo').locator(`[data-card="${id}"]`).count(), 1);
  await press(ada.page, 'Escape');
  await ada.column('Resolvido').getByText('Camila Rezende').waitFor();
  await ada.page.mouse.up();
  await ada.leave();
});

test('B7: moving a resolved card changes nothing else about it', async () => {
  await server.customer('Pedro Falcão', '5562981013349').says('Obrigado');
  const asAda = await server.as('admin@demo.test');
  const { conversations } = await asAda('/api/conversations?q=Pedro');
  await asAda(`/api/conversations/${conversations[0].id}`, 'PATCH', {
    status: 'RESOLVED',
    labels: ['B2B'],
  });
  const ada = await agent(browser, server);

  await drag(ada, 'Pedro Falcão', 'Aguardando cliente');
  await ada.column('Aguardando cliente').getByText('Pedro Falcão').waitFor();
  await ada.page.getByText('Pedro Falcão foi para').waitFor();

  const after = await asAda(`/api/conversations/${conversations[0].id}`);
  assert.deepEqual(
    [after.status, after.labels, after.assigneeId ?? null],
    ['RESOLVED', ['B2B'], null],
  );
  await ada.leave();
});

test('B8: who waits more than 3 minutes is amber, more than 15 red', async () => {
  await server.customer('Quatro Minutos', '5511900000004').says('Oi', Date.now() - 4 * 60_000);
  await server.customer('Vinte Minutos', '5511900000020').says('Oi', Date.now() - 20 * 60_000);
  const ada = await agent(browser, server);

  const hot = (name) => ada.card(name).locator('.waiting').getAttribute('data-hot');

  assert.equal(await hot('Quatro Minutos'), 'false');
  assert.equal(await hot('Vinte Minutos'), 'true');
  await ada.leave();
});

test('L4, L5: search ignores accents, and whose cards are shown is kept over a reload', async () => {
  await server.customer('Nathália Brandão', '5551993217788').says('Chegou tudo certinho!');
  const ada = await agent(browser, server);

  await ada.page.getByRole('searchbox').fill('nathalia brandao');
  await ada.card('Helena Prado').waitFor({ state: 'detached' });
  await ada.card('Nathália Brandão').waitFor();
  await ada.page.getByRole('button', { name: 'Limpar filtros' }).click();
  await ada.page.getByText('Sem dono').click();
  await ada.card('Helena Prado').waitFor();
  await ada.page.getByText('Minhas').click();
  await ada.card('Helena Prado').waitFor({ state: 'detached' });
  await ada.page.reload();

  await ada.column('Novo').getByText('Nada aqui com estes filtros').waitFor();
  assert.equal(await ada.page.getByRole('radio', { name: 'Minhas' }).isChecked(), true);
  await ada.leave();
});

async function drag(person, name, stage) {
  const { page } = person;
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

async function centre(locator) {
  await locator.first().waitFor();
  const { x, y, width, height } = await locator.first().boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

async function fingerOf(page) {
  const session = await page.context().newCDPSession(page);
  return (type, at) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] });
}

function press(page, key) {
  return page.keyboard.press(key);
}
