// What admins set, and what becomes of it elsewhere.

import { Chat, expect, test, until } from './world';

test('somebody is added, sees one inbox only, becomes an admin, and is let in no more', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/users');

  await ada.page.getByRole('button', { name: 'Adicionar' }).click();
  await ada.page.getByLabel('Nome').fill('Caio Melo');
  await ada.page.getByLabel('E-mail').fill('caio@demo.test');
  await ada.page.getByLabel('Senha').fill('uma senha comprida');
  await ada.page.getByLabel('Todas as caixas').uncheck();
  await ada.page.getByLabel('Site').check();
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.entry('Caio Melo').getByText('Atendimento · 1 caixa').waitFor();
  const caio = { email: 'caio@demo.test', password: 'uma senha comprida' };
  const { token } = await world.ada.asks<{ token: string }>('/api/sessions', 'POST', caio);
  await ada.entry('Caio Melo').getByRole('button', { name: 'Editar' }).click();
  await ada.page.getByLabel('Papel').selectOption('Administração');
  await ada.page.getByLabel('Todas as caixas').check();
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.entry('Caio Melo').getByText('Administração · Todas as caixas').waitFor();
  await ada.entry('Caio Melo').getByRole('button', { name: 'Desativar' }).click();
  await ada.entry('Caio Melo').getByText('Sem acesso').waitFor();

  const headers = { Authorization: `Bearer ${token}` };
  await until('what Caio had signed in with has ended', async () => {
    return (await fetch(`${world.server.url}/api/me`, { headers })).status === 401;
  });
  await expect(world.ada.asks('/api/sessions', 'POST', caio)).rejects.toThrow('401');
});

test('a column is added, renamed, moved and removed, and every board follows', async ({
  world,
}) => {
  const lia = world.customer('Lia Antunes');
  await lia.says('Oi');
  const bia = await world.bia.opens('/board');
  const ada = await world.ada.opens('/settings/stages');
  const order = () => bia.page.locator('.column h2').allInnerTexts();

  await ada.page.getByRole('button', { name: 'Adicionar' }).click();
  await ada.page.getByLabel('Nome').fill('Orçamento');
  await ada.page.getByLabel('Cor').fill('#7a3fc0');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await bia.column('Orçamento').waitFor();
  await ada.entry('Orçamento').getByRole('button', { name: 'Editar' }).click();
  await ada.page.getByLabel('Nome').fill('Proposta');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await bia.column('Proposta').waitFor();
  await ada.page.getByRole('button', { name: 'Subir Proposta' }).click();
  await until('it is the last no more', async () => (await order()).at(-1) !== 'Proposta');
  const { stages } = await world.ada.asks<{ stages: { id: string; name: string }[] }>(
    '/api/stages',
  );
  const id = stages.find(({ name }) => name === 'Proposta')?.id;
  const path = `/api/conversations/${await lia.conversation()}`;
  await world.ada.asks(path, 'PATCH', { stageId: id });
  await bia.column('Proposta').getByText('Lia Antunes').waitFor();
  await ada.page.getByRole('button', { name: 'Remover Proposta' }).click();
  await ada.page.getByLabel('Os cartões vão para').selectOption('Em atendimento');
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Remover Proposta' }).click();

  await bia.column('Proposta').waitFor({ state: 'detached' });
  await bia.column('Em atendimento').getByText('Lia Antunes').waitFor();
});

test('a canned response is there by / in every composer', async ({ world }) => {
  const noa = world.customer('Noa Brito');
  await noa.says('Qual o horário?');
  const ada = await world.ada.opens('/settings/canned');

  await ada.page.getByRole('button', { name: 'Adicionar' }).click();
  await ada.page.getByLabel('Atalho').fill('horario');
  await ada.page.getByLabel('Texto').fill('Olá, {{contact.name}}! Das 9h às 18h.');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.entry('/horario').waitFor();
  const chat = await Chat.with(world.bia, noa);
  await chat.field.pressSequentially('/hor');
  await chat.page.getByRole('option', { name: '/horario' }).waitFor();
  await chat.field.press('Enter');

  await until('it stands in the field', async () => {
    return (await chat.field.inputValue()) === 'Olá, Noa Brito! Das 9h às 18h.';
  });
});

test('a token is shown once, works as far as it reaches, and no more when it is revoked', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/tokens');
  const asks = async (method: string, token: string) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const body = method === 'POST' ? '{"name":"x","color":"#000000"}' : null;
    return (await fetch(`${world.server.url}/api/stages`, { method, headers, body })).status;
  };

  await ada.page.getByRole('button', { name: 'Adicionar' }).click();
  await ada.page.getByLabel('Nome').fill('Planilha');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  const token = await ada.page.locator('.made code').innerText();
  expect(await asks('GET', token)).toBe(200);
  expect(await asks('POST', token)).toBe(403);
  await ada.page.reload();
  await ada.entry('Planilha').waitFor();
  expect(await ada.page.getByText(token).count()).toBe(0);
  await ada.entry('Planilha').getByRole('button', { name: 'Revogar' }).click();
  await ada.entry('Planilha').waitFor({ state: 'detached' });

  await until('it is refused', async () => (await asks('GET', token)) === 401);
});

test('the audit log says who did what, to what, and from where', async ({ world }) => {
  await world.ada.asks('/api/canned-responses', 'POST', { shortcut: 'pix', content: 'Chave: …' });
  const ada = await world.ada.opens('/settings/audit');

  const line = ada.page.getByRole('row').filter({ hasText: 'Resposta pronta adicionada' }).first();
  await line.getByText('pix').waitFor();

  await line.getByRole('cell', { name: 'Ada', exact: true }).waitFor();
  await line.getByRole('cell', { name: '127.0.0.1' }).waitFor();
});

test('the doctor finds every way to the server, and says what a network blocks', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/connection', { mayLoseTouch: true });
  const examine = ada.page.getByRole('button', { name: 'Testar agora' });

  await examine.click();
  await ada.page.getByText('Tudo funciona').waitFor();
  expect(await ada.page.locator('.entries [data-works=true]').count()).toBe(4);
  await ada.page.route('**/api/events/stream', (route) => route.abort('connectionrefused'));
  // As proxies do that let a websocket begin, and end it with what follows.
  await ada.page.routeWebSocket(/socket\.io/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      socket.send(message);
      void socket.close();
    });
  });
  await ada.page.reload();
  await examine.click();

  await ada.page.getByText('bloqueia WebSockets').waitFor();
  await ada.entry('WebSocket').getByText('bloqueado').waitFor();
  await ada.entry('SSE').getByText('bloqueado').waitFor();
  expect(await ada.page.locator('.entries [data-works=true]').count()).toBe(2);
});

test('an agent sees only what is for agents', async ({ world }) => {
  const bia = await world.bia.opens('/settings/users');

  await bia.page.getByRole('heading', { name: 'Tokens da API' }).waitFor();

  const sections = bia.page.getByRole('navigation', { name: 'Seções dos ajustes' });
  expect(await sections.getByRole('link').allInnerTexts()).toEqual([
    'Tokens da API',
    'Notificações',
    'Conexão',
  ]);
});
