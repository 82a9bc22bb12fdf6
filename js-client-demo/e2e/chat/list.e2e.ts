import { Chat, expect, test, until } from '../world';
import { secondsAgo } from '../world/customer';

/** The names in the list, from the top. */
const names = (chat: Chat) => chat.page.locator('.chat-row b').allTextContents();

test('L1: who writes comes to the top, in bold, with a figure; an answer clears it', async ({
  world,
}) => {
  const [ana, bia] = [world.customer('Ana Topo'), world.customer('Bia Topo')];
  // WhatsApp tells seconds: of two who write in the same one, neither moves.
  await ana.says('Oi', { timestamp: secondsAgo(20) });
  await bia.says('Olá', { timestamp: secondsAgo(10) });
  const chat = await Chat.at(world.bia);
  await chat.row(ana).waitFor();
  await chat.page.mouse.move(900, 400);

  await ana.says('Alguém aí?');
  await until('she is at the top', async () => (await names(chat))[0] === ana.name);
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
    'the figure is gone',
    async () => (await chat.row(ana).locator('.badge').count()) === 0,
  );
});

test('L2: opening takes the figure away at once, and it does not flicker back', async ({
  world,
}) => {
  const [cid, later] = [world.customer('Cid Número'), world.customer('Depois dela')];
  for (let n = 0; n < 5; n += 1) await cid.says(`oi ${n}`);
  const chat = await Chat.at(world.bia);
  await chat.row(cid).locator('.badge').waitFor();
  const id = await cid.conversation();
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
  await cid.says('mais uma');
  await chat.message('mais uma').waitFor();
  await until('it is read', async () => {
    const path = `/api/conversations/${id}`;
    return (await world.ada.asks<{ unreadCount: number }>(path)).unreadCount === 0;
  });
  await later.says('o que veio antes, é visto antes');
  await chat.row(later).waitFor();

  const seen = await chat.page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  const changes = seen.filter((now, at) => at > 0 && now !== seen[at - 1]);
  expect(changes).toEqual([0]);
});

test('L3: rows stay under the pointer, and assigning or labelling moves none', async ({
  world,
}) => {
  const [dan, eli] = [world.customer('Dan Parado'), world.customer('Eli Parado')];
  // WhatsApp tells seconds: of two who write in the same one, neither moves.
  await dan.says('Oi', { timestamp: secondsAgo(20) });
  await eli.says('Oi', { timestamp: secondsAgo(10) });
  const chat = await Chat.at(world.bia);
  await chat.row(dan).waitFor();
  await chat.page.mouse.move(900, 400);
  const before = await names(chat);
  const id = await dan.conversation();
  await world.ada.asks(`/api/conversations/${id}`, 'PATCH', { labels: ['vip'] });
  expect(await names(chat)).toEqual(before);

  await chat.row(eli).hover();
  await dan.says('subi?');
  await chat.page.waitForSelector('.chat-moved');
  expect(await names(chat)).toEqual(before);
  await chat.row(eli).click();
  await chat.page.waitForSelector(`#thread-name:has-text("${eli.name}")`);
  await chat.page.mouse.move(900, 400);

  await until('the order is let go', async () => (await names(chat))[0] === dan.name);
});

test('L4: a search ignores accents, and finds names, numbers, texts, labels and old messages', async ({
  world,
}) => {
  const otavio = world.customer('Otávio Lacerda');
  await otavio.says('Quero trocar a geladeira');
  await otavio.says('Tudo bem?');
  const id = await otavio.conversation();
  await world.ada.asks(`/api/conversations/${id}`, 'PATCH', { labels: ['Troca'] });
  const chat = await Chat.at(world.bia);
  await chat.row(otavio).waitFor();

  await chat.page.keyboard.press('Control+k');
  for (const words of ['otavio', otavio.phone.slice(-6), 'tudo bem', 'troca']) {
    await chat.page.locator('.chat-search input').fill(words);
    await until(`found by ${words}`, async () => (await names(chat)).includes(otavio.name));
  }
  await chat.page.locator('.chat-search input').fill('geladeira');
  await chat.page.locator('.chat-hits .chat-row').first().click();

  await chat.page.waitForSelector('[data-flash=true]:has-text("geladeira")');
  expect(chat.page.url()).toContain(id);
});

test('L5: the tab, the filters and the order are there again after a reload', async ({ world }) => {
  const [old, young, mine] = [
    world.customer('Velha Espera'),
    world.customer('Nova Espera'),
    world.customer('Minha Espera'),
  ];
  const ago = (seconds: number) => ({
    timestamp: String(Math.floor(Date.now() / 1_000) - seconds),
  });
  await old.says('Oi', ago(3_000));
  await young.says('Oi', ago(60));
  await mine.says('Oi', ago(30));
  const me = await world.bia.asks<{ user: { id: string } }>('/api/me');
  const id = await mine.conversation();
  await world.ada.asks(`/api/conversations/${id}`, 'PATCH', { assigneeId: me.user.id });
  const chat = await Chat.at(world.bia);

  await chat.page.click('.chat-tabs >> text=Minhas');
  await until('only mine', async () => (await names(chat)).join() === mine.name);
  await chat.page.click('.chat-tabs >> text=Sem dono');
  await chat.page.click('[aria-label^="Filtrar"]');
  await chat.page.selectOption('.chat-filters select >> nth=0', 'waiting');
  await chat.page.keyboard.press('Escape');
  await until('who waits longest is first', async () => (await names(chat))[0] === old.name);
  await chat.page.reload();

  await until('and after a reload', async () => (await names(chat))[0] === old.name);
  expect(await chat.page.getAttribute('.chat-tabs >> text=Sem dono', 'aria-pressed')).toBe('true');
  expect(await names(chat)).not.toContain(mine.name);
});

test('L6: J, K, Enter, Esc, Ctrl+K and / do what ? says', async ({ world }) => {
  await world.customer('Tecla Um').says('Oi');
  await world.customer('Tecla Dois').says('Oi');
  const chat = await Chat.at(world.bia);
  await chat.page.waitForSelector('.chat-row');
  const title = () => chat.page.textContent('#thread-name');
  const [first, second] = await names(chat);

  await chat.page.keyboard.press('j');
  await until('the first one', async () => (await title()) === first);
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('j');
  await until('the second one', async () => (await title()) === second);
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('k');
  await until('back', async () => (await title()) === first);
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('Enter');
  await until('the field has the focus', () =>
    chat.field.evaluate((it) => it === document.activeElement),
  );
  await chat.page.keyboard.press('Escape');
  for (const key of ['/', 'Control+k']) {
    await chat.page.keyboard.press(key);
    await until(key, () =>
      chat.page.locator('.chat-search input').evaluate((it) => it === document.activeElement),
    );
    await chat.page.keyboard.press('Escape');
  }
  await chat.page.keyboard.press('?');
  await chat.page.waitForSelector('dialog[open] kbd');
  await chat.page.keyboard.press('Escape');
  await chat.page.keyboard.press('Escape');

  await until('the thread is closed', () => new URL(chat.page.url()).pathname === '/chat');
});

test('a conversation is assigned, snoozed, brought back, resolved and reopened', async ({
  world,
}) => {
  const rui = world.customer('Rui Estados');
  await rui.says('Oi');
  const id = await rui.conversation();
  const chat = await Chat.with(world.bia, rui);
  const state = () =>
    world.ada.asks<{ status: string; assigneeId: string | null }>(`/api/conversations/${id}`);

  await chat.page.locator('.thread-acts [aria-label="Atribuir a mim"]').click();
  await until('it is assigned', async () => (await state()).assigneeId !== null);
  await chat.page.locator('.thread-acts [aria-label=Adiar]').click();
  await chat.page.click('text=Por uma hora');
  await until('it is snoozed', async () => (await state()).status === 'SNOOZED');
  await until('it left the list', async () => (await chat.row(rui).count()) === 0);
  await chat.page.locator('[aria-label="Trazer de volta"]').click();
  await until('it is back', async () => (await state()).status === 'OPEN');
  await chat.page.locator('.thread-resolve').click();
  await until('it is resolved', async () => (await state()).status === 'RESOLVED');
  await chat.page.click('.toast-undo');
  await until('it is reopened', async () => (await state()).status === 'OPEN');
  expect(await chat.row(rui).count()).toBe(1);
});

test('a contact is renamed, noted, labelled, merged, split off, blocked and unblocked', async ({
  world,
}) => {
  const [sol, lua] = [world.customer('Sol Ficha'), world.customer('Lua Ficha')];
  await sol.says('Oi');
  await lua.says('Oi');
  const chat = await Chat.with(world.bia, sol);
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
});
