import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chat, somebody } from '../support/chat';
import { until, World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

/** The names in the list, from the top. */
const names = (chat: Chat) => chat.page.locator('.chat-row b').allTextContents();

test('L1: who writes comes to the top, in bold, with a figure; an answer clears it', async () => {
  const [ana, bia] = [somebody('Ana Topo'), somebody('Bia Topo')];
  await world.writes(ana, 'Oi');
  await world.writes(bia, 'Olá');
  const chat = new Chat(await world.page('/chat'));
  await chat.row(ana).waitFor();
  await chat.page.mouse.move(900, 400);

  await world.writes(ana, 'Alguém aí?');
  await until(async () => (await names(chat))[0] === ana.name, 'she is at the top');
  const weight = await chat
    .row(ana)
    .locator('b')
    .evaluate((it) => getComputedStyle(it).fontWeight);
  const figure = await chat.row(ana).locator('.badge').textContent();
  await chat.row(ana).click();
  await chat.write('Aqui!');
  await chat.reaches('Aqui!', 'READ');

  expect(Number(weight)).toBeGreaterThan(600);
  expect(figure).toContain('2');
  await until(
    async () => (await chat.row(ana).locator('.badge').count()) === 0,
    'the figure is gone',
  );
  await chat.page.context().close();
});

test('L2: opening takes the figure away at once, and it does not flicker back', async () => {
  const cid = somebody('Cid Número');
  for (let n = 0; n < 5; n += 1) await world.writes(cid, `oi ${n}`);
  const chat = new Chat(await world.page('/chat'));
  await chat.row(cid).locator('.badge').waitFor();
  const id = await world.conversationWith(cid);
  await chat.page.evaluate((row) => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    const look = () => {
      seen.push(document.querySelectorAll(`#row-${row} .badge`).length);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, id);

  await chat.row(cid).click();
  await chat.page.waitForSelector('.message');
  await world.writes(cid, 'mais uma');
  await chat.message('mais uma').waitFor();
  await chat.page.waitForTimeout(1_000);

  const seen = await chat.page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  const changes = seen.filter((now, at) => at > 0 && now !== seen[at - 1]);
  expect(changes).toEqual([0]);
  await chat.page.context().close();
});

test('L3: rows stay under the pointer, and assigning or labelling moves none', async () => {
  const [dan, eli] = [somebody('Dan Parado'), somebody('Eli Parado')];
  await world.writes(dan, 'Oi');
  await world.writes(eli, 'Oi');
  const chat = new Chat(await world.page('/chat'));
  await chat.row(dan).waitFor();
  await chat.page.mouse.move(900, 400);
  const before = await names(chat);
  const id = await world.conversationWith(dan);
  await world.api('admin', `/api/conversations/${id}`, {
    method: 'PATCH',
    body: JSON.stringify({ labels: ['vip'] }),
  });
  expect(await names(chat)).toEqual(before);

  await chat.row(eli).hover();
  await world.writes(dan, 'subi?');
  await chat.page.waitForSelector('.chat-moved');
  expect(await names(chat)).toEqual(before);
  await chat.row(eli).click();
  await chat.page.waitForSelector(`#thread-name:has-text("${eli.name}")`);
  await chat.page.mouse.move(900, 400);

  await until(async () => (await names(chat))[0] === dan.name, 'the order is let go');
  await chat.page.context().close();
});

test('L4: a search ignores accents, and finds names, numbers, texts, labels and old messages', async () => {
  const otavio = somebody('Otávio Lacerda');
  await world.writes(otavio, 'Quero trocar a geladeira');
  await world.writes(otavio, 'Tudo bem?');
  const id = await world.conversationWith(otavio);
  await world.api('admin', `/api/conversations/${id}`, {
    method: 'PATCH',
    body: JSON.stringify({ labels: ['Troca'] }),
  });
  const chat = new Chat(await world.page('/chat'));
  await chat.row(otavio).waitFor();

  await chat.page.keyboard.press('Control+k');
  for (const words of ['otavio', otavio.phone.slice(-6), 'tudo bem', 'troca']) {
    await chat.page.locator('.chat-search input').fill(words);
    await until(async () => (await names(chat)).includes(otavio.name), `found by ${words}`);
  }
  await chat.page.locator('.chat-search input').fill('geladeira');
  await chat.page.locator('.chat-hits .chat-row').first().click();

  await chat.page.waitForSelector('[data-flash=true]:has-text("geladeira")');
  expect(chat.page.url()).toContain(id);
  await chat.page.context().close();
});

test('L5: the tab, the filters and the order are there again after a reload', async () => {
  const [old, young, mine] = [
    somebody('Velha Espera'),
    somebody('Nova Espera'),
    somebody('Minha Espera'),
  ];
  const ago = (seconds: number) => ({
    timestamp: String(Math.floor(Date.now() / 1_000) - seconds),
  });
  await world.writes(old, 'Oi', ago(3_000));
  await world.writes(young, 'Oi', ago(60));
  await world.writes(mine, 'Oi', ago(30));
  const me = await world.api<{ user: { id: string } }>('agent', '/api/me');
  const id = await world.conversationWith(mine);
  await world.api('admin', `/api/conversations/${id}`, {
    method: 'PATCH',
    body: JSON.stringify({ assigneeId: me.user.id }),
  });
  const chat = new Chat(await world.page('/chat'));

  await chat.page.click('.chat-tabs >> text=Minhas');
  await until(async () => (await names(chat)).join() === mine.name, 'only mine');
  await chat.page.click('.chat-tabs >> text=Sem dono');
  await chat.page.click('[aria-label^="Filtrar"]');
  await chat.page.selectOption('.chat-filters select >> nth=0', 'waiting');
  await chat.page.keyboard.press('Escape');
  await until(async () => (await names(chat))[0] === old.name, 'who waits longest is first');
  await chat.page.reload();

  await until(async () => (await names(chat))[0] === old.name, 'and after a reload');
  expect(await chat.page.getAttribute('.chat-tabs >> text=Sem dono', 'aria-pressed')).toBe('true');
  expect(await names(chat)).not.toContain(mine.name);
  await chat.page.context().close();
});

test('L6: J, K, Enter, Esc, Ctrl+K and / do what ? says', async () => {
  await world.writes(somebody('Tecla Um'), 'Oi');
  await world.writes(somebody('Tecla Dois'), 'Oi');
  const chat = new Chat(await world.page('/chat'));
  await chat.page.waitForSelector('.chat-row');
  const title = () => chat.page.textContent('#thread-name');
  const [first, second] = await names(chat);

  await chat.page.keyboard.press('j');
  await until(async () => (await title()) === first, 'the first one');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('j');
  await until(async () => (await title()) === second, 'the second one');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('k');
  await until(async () => (await title()) === first, 'back');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('Enter');
  await until(
    () => chat.field.evaluate((it) => it === document.activeElement),
    'the field has the focus',
  );
  await chat.page.keyboard.press('Escape');
  for (const key of ['/', 'Control+k']) {
    await chat.page.keyboard.press(key);
    await until(
      () => chat.page.locator('.chat-search input').evaluate((it) => it === document.activeElement),
      key,
    );
    await chat.page.keyboard.press('Escape');
  }
  await chat.page.keyboard.press('?');
  await chat.page.waitForSelector('dialog[open] kbd');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('Escape');

  await until(() => new URL(chat.page.url()).pathname === '/chat', 'the thread is closed');
  await chat.page.context().close();
});

test('a conversation is assigned, snoozed, brought back, resolved and reopened', async () => {
  const rui = somebody('Rui Estados');
  await world.writes(rui, 'Oi');
  const id = await world.conversationWith(rui);
  const chat = await Chat.with(world, rui);
  const state = () =>
    world.api<{ status: string; assigneeId: string | null }>('admin', `/api/conversations/${id}`);

  await chat.page.locator('.thread-acts [aria-label="Atribuir a mim"]').click();
  await until(async () => (await state()).assigneeId !== null, 'it is assigned');
  await chat.page.locator('.thread-acts [aria-label=Adiar]').click();
  await chat.page.click('text=Por uma hora');
  await until(async () => (await state()).status === 'SNOOZED', 'it is snoozed');
  await until(async () => (await chat.row(rui).count()) === 0, 'it left the list');
  await chat.page.locator('[aria-label="Trazer de volta"]').click();
  await until(async () => (await state()).status === 'OPEN', 'it is back');
  await chat.page.locator('.thread-resolve').click();
  await until(async () => (await state()).status === 'RESOLVED', 'it is resolved');
  await chat.page.click('.toast-undo');
  await until(async () => (await state()).status === 'OPEN', 'it is reopened');
  expect(await chat.row(rui).count()).toBe(1);
  await chat.page.context().close();
});

test('a contact is renamed, noted, labelled, merged, split off, blocked and unblocked', async () => {
  const [sol, lua] = [somebody('Sol Ficha'), somebody('Lua Ficha')];
  await world.writes(sol, 'Oi');
  await world.writes(lua, 'Oi');
  const chat = await Chat.with(world, sol);
  const panel = chat.page.locator('.contact-panel');

  await panel.getByText('Editar o contato').click();
  await panel.locator('input[name=name]').fill('Solange Ficha');
  await panel.locator('input[name=email]').fill('sol@example.com');
  await panel.locator('button[type=submit]').click();
  await chat.page.waitForSelector('#thread-name:has-text("Solange Ficha")');
  await panel.locator('.contact-notes textarea').fill('Prefere retirar na loja');
  await panel.locator('.contact-notes textarea').blur();
  await panel.getByText('Salvo').waitFor();
  await panel.getByText('Adicionar').click();
  await chat.page.keyboard.type('vip');
  await chat.page.keyboard.press('Enter');
  await panel.locator('.labels .chip:has-text("vip")').waitFor();
  await panel.getByText('Bloquear').click();
  await chat.page.locator('dialog[open] .danger').click();
  await chat.page.waitForSelector('.thread-notice');
  await panel.getByText('Desbloquear').click();
  await chat.page.waitForSelector('.thread-notice', { state: 'detached' });
  await panel.getByText('Juntar com outro contato').click();
  await chat.page.fill('.merge-search', 'Lua');
  await chat.page.locator('.merge-list button', { hasText: lua.name }).click();
  await chat.page.waitForSelector(`#thread-name:has-text("${lua.name}")`);

  await panel.locator('.contact-others').waitFor();
  await panel.locator('[aria-label^="Separar"]').click();
  await chat.page.waitForSelector('#thread-name:has-text("Solange Ficha")');
  await chat.page.context().close();
});
