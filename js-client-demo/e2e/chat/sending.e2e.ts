import { Chat, expect, test, until } from '../world';
import { secondsAgo } from '../world/customer';

type Sent = { content: string; whatsappMessageId: string };

test.afterEach(({ world }) => world.server.whatsapp({ fail: 0, drop: 0, refuse: 0 }));

test('S1: what is sent is there with the next frame, and gets its ticks; it stands there once', async ({
  world,
}) => {
  const ana = world.customer('Ana Um');
  await ana.says('Oi, tem bolo?');
  const chat = await Chat.with(world.bia, ana);
  await chat.field.fill('Tem sim!');

  const isThere = await chat.page.evaluate(async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    document.querySelector<HTMLButtonElement>('.composer-send')?.click();
    await frame();
    await frame();
    const all = [...document.querySelectorAll('.message')];
    return all.some((each) => each.textContent?.includes('Tem sim!'));
  });

  expect(isThere).toBe(true);
  await chat.reaches('Tem sim!', 'READ');
  const colour = await chat
    .message('Tem sim!')
    .locator('.ticks')
    .evaluate((it) => getComputedStyle(it).color);
  expect(colour).toBe('rgb(10, 114, 196)');
  expect(await chat.message('Tem sim!').count()).toBe(1);
});

test('S2: without a network it waits with its clock, outlives a reload, and goes once', async ({
  world,
}) => {
  const bruno = world.customer('Bruno Dois');
  await bruno.says('Oi');
  const chat = await Chat.with(world.bia, bruno, { mayLoseTouch: true });
  const id = await bruno.conversation();
  await chat.page.route('**/api/conversations/*/messages', (route) =>
    route.request().method() === 'POST' ? route.abort('internetdisconnected') : route.fallback(),
  );

  await chat.write('Vai depois');
  await chat.reaches('Vai depois', 'PENDING');
  await chat.page.reload();
  await chat.reaches('Vai depois', 'PENDING');
  await chat.page.unrouteAll();

  await chat.reaches('Vai depois', 'READ');
  const { messages } = await world.bia.asks<{ messages: { content: string }[] }>(
    `/api/conversations/${id}/messages`,
  );
  expect(messages.filter(({ content }) => content === 'Vai depois')).toHaveLength(1);
  expect(await chat.message('Vai depois').count()).toBe(1);
});

test('S3: what the server refuses says so, and goes under the same key when it is tried again', async ({
  world,
}) => {
  const carla = world.customer('Carla Três');
  await carla.says('Oi');
  const chat = await Chat.with(world.bia, carla, { mayLoseTouch: true });
  const keys: (string | undefined)[] = [];
  await chat.page.route('**/api/conversations/*/messages', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.fallback();
    keys.push(request.headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    return route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'window_closed', detail: '' }),
    });
  });

  await chat.write('Vai falhar');
  await chat.reaches('Vai falhar', 'FAILED');
  const said = await chat.message('Vai falhar').locator('.message-failed').textContent();
  await chat.message('Vai falhar').getByText('Tentar de novo').click();

  await chat.reaches('Vai falhar', 'READ');
  expect(said).toContain('Não enviada. A janela de 24 h está fechada.');
  expect(keys).toEqual([keys[0], keys[0]]);
  expect(await chat.message('Vai falhar').count()).toBe(1);
});

test('S3: what WhatsApp does not deliver gives its reason, and can be sent once more', async ({
  world,
}) => {
  const davi = world.customer('Davi Três');
  await davi.says('Oi');
  const chat = await Chat.with(world.bia, davi);
  await world.server.whatsapp({ fail: 1 });

  await chat.write('Não chega');
  await chat.reaches('Não chega', 'FAILED');
  const said = await chat.message('Não chega').locator('.message-failed').textContent();
  await world.server.whatsapp({ fail: 0 });
  await chat.message('Não chega').getByText('Tentar de novo').click();

  await chat.reaches('Não chega', 'READ');
  expect(said).toMatch(/Não enviada\. .{5,}/);
});

test('S4: a failure that is told late does not take back that it was read', async ({ world }) => {
  const lino = world.customer('Lino Quatro');
  await lino.says('Oi');
  const chat = await Chat.with(world.bia, lino);
  await chat.write('Já lida');
  await chat.reaches('Já lida', 'READ');
  const { messages } = await world.bia.asks<{ messages: Sent[] }>(
    `/api/conversations/${await lino.conversation()}/messages`,
  );
  const id = messages.find(({ content }) => content === 'Já lida')?.whatsappMessageId;

  const late = { id, status: 'failed', timestamp: secondsAgo(0), recipient_id: lino.phone };
  const errors = [{ code: 131_026, title: 'Message undeliverable' }];
  await world.server.webhook('messages', { statuses: [{ ...late, errors }] });
  await lino.says('Chegou, sim');
  await chat.message('Chegou, sim').waitFor();

  await chat.reaches('Já lida', 'READ');
  expect(await chat.page.locator('.message-failed').count()).toBe(0);
});

test('S5: Enter twice in a hurry sends once, also with a second tab open', async ({ world }) => {
  const edu = world.customer('Edu Cinco');
  await edu.says('Oi');
  const chat = await Chat.with(world.bia, edu);
  const other = await chat.page.context().newPage();
  await other.goto(chat.page.url());
  await other.waitForSelector('.message');
  const id = await edu.conversation();

  await chat.field.fill('Uma vez só');
  await Promise.all([chat.field.press('Enter'), chat.field.press('Enter')]);

  await chat.reaches('Uma vez só', 'READ');
  await until(
    'the other tab shows it once',
    async () => (await new Chat(other).message('Uma vez só').count()) === 1,
  );
  const { messages } = await world.bia.asks<{ messages: { content: string }[] }>(
    `/api/conversations/${id}/messages`,
  );
  expect(messages.filter(({ content }) => content === 'Uma vez só')).toHaveLength(1);
});

test('S6: what was written on the phone is shown once, and says so', async ({ world }) => {
  const fabi = world.customer('Fabi Seis');
  await fabi.says('Oi');
  const chat = await Chat.with(world.bia, fabi);
  const echo = {
    from: '5511999999999',
    to: fabi.phone,
    id: 'wamid.echo.1',
    timestamp: String(Math.floor(Date.now() / 1_000)),
  };
  const message_echoes = [{ ...echo, type: 'text', text: { body: 'Respondi do celular' } }];

  await world.server.webhook('smb_message_echoes', { message_echoes });
  await world.server.webhook('smb_message_echoes', { message_echoes });

  await chat.message('Respondi do celular').waitFor();
  expect(await chat.message('Respondi do celular').count()).toBe(1);
  expect(await chat.message('Respondi do celular').textContent()).toContain('do celular');
});

test('S7: the 24 hours are shown; when they are over, templates are all that is left', async ({
  world,
}) => {
  const [gil, hugo] = [world.customer('Gil Sete'), world.customer('Hugo Sete')];
  await gil.says('Oi');
  await hugo.says('Faz tempo', {
    timestamp: String(Math.floor(Date.now() / 1_000) - 90_000),
  });

  const open = await Chat.with(world.bia, gil);
  expect(await open.page.locator('.window').textContent()).toMatch(/restam (24 h|23 h)/);
  await open.page.context().close();

  const closed = await Chat.with(world.bia, hugo);
  expect(await closed.field.count()).toBe(0);
  await closed.page.click('text=Enviar um modelo');
  await closed.page.fill('dialog input[pattern]', 'volte_sempre');
  await closed.page.fill('dialog textarea', 'Oi {{1}}, ainda quer o bolo?');
  await closed.page.fill('dialog input[name=variable-1]', 'Hugo');
  await closed.page.click('dialog button[type=submit]');

  await closed.reaches('Oi Hugo, ainda quer o bolo?', 'READ');
});

test('a message of which nobody knows whether it was sent goes once more only for who says so', async ({
  world,
}) => {
  const iris = world.customer('Iris Oito');
  await iris.says('Oi');
  const chat = await Chat.with(world.bia, iris);
  await world.server.whatsapp({ drop: 1, sent_after_ms: 600_000 });

  await chat.write('Chegou?');
  await chat
    .message('Chegou?')
    .getByText('Não se sabe se foi enviada.')
    .waitFor({ timeout: 40_000 });
  await world.server.whatsapp({ drop: 0, sent_after_ms: 100 });
  await chat.message('Chegou?').getByText('Enviar assim mesmo').first().click();
  await chat.page.locator('dialog[open] .danger').click();

  await chat.reaches('Chegou?', 'READ');
});
