// The inboxes of each channel that admins set, and what becomes of them elsewhere.

import { createHmac } from 'node:crypto';
import { expect, networkErrors, test, until } from './world';
import { offences } from './world/axe';
import { Chatwoot } from './world/chatwoot';

test('a WhatsApp inbox is added, and no secret of it is ever shown again', async ({ world }) => {
  const ada = await world.ada.opens('/settings/inboxes');
  const answers: string[] = [];
  await ada.page.route('**/api/inboxes*', async (route) => {
    const response = await route.fetch();
    answers.push(await response.text());
    await route.fulfill({ response });
  });

  await ada.page.getByRole('button', { name: 'Adicionar WhatsApp' }).click();
  await ada.page.getByLabel('Nome').fill('Filial Recife');
  await ada.page.getByLabel('ID do número').fill('109876543210');
  await ada.page.getByLabel('Token de acesso').fill('EAAG-secret-of-Recife');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.entry('Filial Recife').getByText('Token de acesso: guardado').waitFor();
  await ada.entry('Filial Recife').getByRole('button', { name: 'Editar' }).click();

  const field = ada.page.getByLabel('Token de acesso');
  expect(await field.inputValue()).toBe('');
  expect(await field.getAttribute('placeholder')).toBe('vazio: fica como está');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.entry('Filial Recife').getByText('Token de acesso: guardado').waitFor();
  await until('the list has come again', () => answers.length >= 3);
  await ada.page.unrouteAll({ behavior: 'wait' });
  expect(answers.filter((answer) => answer.includes('EAAG'))).toEqual([]);
});

test('what the server refuses is said in the dialog, which keeps what was written', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/inboxes', { mayLoseTouch: true });

  await ada.page.getByRole('button', { name: 'Adicionar WhatsApp' }).click();
  await ada.page.getByLabel('Nome').fill('Outra vez');
  await ada.page.getByLabel('ID do número').fill('test-phone-id');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();

  await ada.page.getByRole('dialog').getByRole('alert').getByText('Isto já existe.').waitFor();
  expect(await ada.page.getByLabel('Nome').inputValue()).toBe('Outra vez');
});

test('the chat of a site is added, and its line opens it where it may be opened', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/inboxes');

  await ada.page.getByRole('button', { name: 'Adicionar chat do site' }).click();
  await ada.page.getByLabel('Nome', { exact: true }).first().fill('Loja nova');
  await ada.page.getByLabel('Sites que podem abrir').fill('https://loja.example\n*');
  await ada.page.getByLabel('Saudação').fill('Oi! Em que podemos ajudar?');
  await ada.page.getByLabel('Cor').fill('#7a3fc0');
  await ada.page.getByRole('dialog').getByLabel('E-mail').check();
  expect(await offences(ada.page)).toEqual([]);
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await ada.page.getByText('não será mostrado de novo').waitFor();
  const [snippet = '', secret = ''] = await ada.page.locator('.made code').allInnerTexts();
  expect(snippet).toMatch(
    /^<script async src="http:\S+\/widget.js" data-inbox="pub_\S+" data-color="#7a3fc0"><\/script>$/,
  );
  const eva = await world.visitor({ snippet });
  await eva.opens();
  await eva.panel().getByText('Oi! Em que podemos ajudar?').waitFor();
  await eva.panel().getByLabel('Seu e-mail').fill('eva@example.test');
  await eva.panel().getByRole('button', { name: 'Começar' }).click();
  await eva.writes('Tem frete grátis?');
  await ada.page.reload();
  await ada.entry('Loja nova').getByText('https://loja.example, *').waitFor();
  await ada.entry('Loja nova').getByRole('button', { name: 'Instalar' }).click();
  await ada.page.getByText(snippet).waitFor();
  expect(await ada.page.getByText(secret).count()).toBe(0);
  await ada.entry('Loja nova').getByRole('button', { name: 'Desativar' }).click();
  await ada.entry('Loja nova').getByText('Desativada').waitFor();

  const late = await world.visitor({ snippet });
  late.overlooks = [networkErrors, /^recado:/];
  await late.clicksLauncher();
  await late.page.locator('recado-widget').waitFor({ state: 'hidden' });
});

test('a Chatwoot is connected, and its webhooks are taken at the newest address alone', async ({
  world,
}) => {
  const ada = await world.ada.opens('/settings/inboxes');
  const body = JSON.stringify({ event: 'webwidget_triggered' });
  const headers = { 'Content-Type': 'application/json' };
  const taken = async (url: string) => (await fetch(url, { method: 'POST', headers, body })).status;

  await ada.page.getByRole('button', { name: 'Conectar Chatwoot' }).click();
  await ada.page.getByLabel('Endereço do Chatwoot').fill('https://chatwoot.example');
  await ada.page.getByLabel('Número da conta').fill('7');
  await ada.page.getByLabel('Caixas da conta').fill('3, 5');
  await ada.page.getByLabel('Token de acesso do Chatwoot').fill('chatwoot-secret');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  const address = await ada.page.locator('.made code').innerText();
  expect(await taken(address)).toBe(200);
  const chatwoot = ada.entry('https://chatwoot.example · 7');
  await chatwoot.getByRole('button', { name: 'Editar' }).click();
  expect(await ada.page.getByLabel('Caixas da conta').inputValue()).toBe('3, 5');
  expect(await ada.page.getByLabel('Token de acesso do Chatwoot').inputValue()).toBe('');
  await ada.page.getByRole('button', { name: 'Salvar' }).click();
  await chatwoot.getByRole('button', { name: 'Novo endereço' }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Novo endereço' }).click();
  await ada.page.getByText(address).waitFor({ state: 'detached' });

  expect(await taken(await ada.page.locator('.made code').innerText())).toBe(200);
  expect(await taken(address)).toBe(404);
});

test('what a Chatwoot could not tell is fetched when somebody asks for it, and no more the next time', async ({
  world,
}) => {
  const chatwoot = await Chatwoot.open();
  const body = { baseUrl: chatwoot.url, accountId: 1, apiAccessToken: chatwoot.token };
  await world.ada.asks('/api/chatwoot/inboxes', 'POST', { name: 'Filial Natal', ...body });
  const bia = await world.bia.opens('/board');
  const ada = await world.ada.opens('/settings/inboxes', { mayLoseTouch: true });
  const find = ada.entry('Filial Natal').getByRole('button', { name: 'Buscar perdidas' });
  chatwoot.says('Alguém aí?');

  await find.click();
  await ada.page.getByText(/^[1-9]\d* novidades? encontradas?$/).waitFor();
  await bia.card('Bea Nunes').getByText('Alguém aí?').waitFor();
  await find.click();
  await ada.page.getByText(/^0 novidades? encontradas?$/).waitFor();

  expect(await bia.card('Bea Nunes').count()).toBe(1);
  chatwoot.close();
  await find.click();
  await ada.page.locator('.toast[data-tone=bad]').waitFor();
});

test('a new identity secret is told once, and what the old one signed lets nobody in any more', async ({
  world,
}) => {
  const settings = { requiresIdentity: true, allowedOrigins: ['*'], preChat: [] };
  const { key, identitySecret: before } = await world.ada.asks<Added>(
    '/api/livechat/inboxes',
    'POST',
    { name: 'Loja fiel', settings },
  );
  const ada = await world.ada.opens('/settings/inboxes');
  const enters = async (secret: string) => {
    const hash = createHmac('sha256', secret).update('u-1').digest('hex');
    const body = { inbox: key, identity: { userId: 'u-1', hash } };
    const headers = { 'Content-Type': 'application/json' };
    const sent = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`${world.server.url}/api/livechat/sessions`, sent)).status;
  };

  await ada.entry('Loja fiel').getByRole('button', { name: 'Novo segredo' }).click();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByText('deixa de valer na hora').waitFor();
  expect(await enters(before)).toBe(201);
  await dialog.getByRole('button', { name: 'Novo segredo' }).click();
  await ada.page.getByText('não será mostrado de novo').waitFor();
  const secret = await ada.page.locator('.made code').last().innerText();

  expect(await enters(secret)).toBe(201);
  expect(await enters(before)).toBe(403);
  await ada.page.reload();
  await ada.entry('Loja fiel').waitFor();
  expect(await ada.page.getByText(secret).count()).toBe(0);
});

type Added = { key: string; identitySecret: string };
