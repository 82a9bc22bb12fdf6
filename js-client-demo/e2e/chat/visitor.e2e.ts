// A site's visitor, as agents see them.

import type { Page } from 'playwright-core';
import { Chat, expect, test, until } from '../world';
import { offences } from '../world/axe';
import type { Person } from '../world/person';

test('beside a live chat stands where the visitor is, with what, and how they found it', async ({
  world,
}) => {
  const joao = await world.visitor();
  await joao.opens();
  await joao.writes('O sofá ainda tem?');
  const bia = await chatOf(world.bia, 'O sofá ainda tem?');

  const part = bia.page.getByRole('region', { name: 'No site' });
  await part.getByText('Está no site agora').waitFor();
  await part.getByRole('link', { name: 'Loja Aurora' }).waitFor();
  await part.getByText('Chrome · Linux').waitFor();
  expect(await bia.page.getByText('Copiar o número').count()).toBe(0);
  await joao.page.evaluate(() => {
    document.title = 'Carrinho';
    history.pushState({}, '', '/carrinho');
  });
  await part.getByRole('link', { name: 'Carrinho' }).waitFor();
  const panel = joao.panel();
  await panel.getByRole('button', { name: 'Opções' }).click();
  await panel.getByRole('button', { name: 'Encerrar conversa' }).click();
  await panel.getByRole('button', { name: '4 de 5' }).click();
  await panel.getByRole('textbox', { name: 'Quer comentar?' }).fill('Rápido!');
  await joao.page.keyboard.press('Enter');
  await part.getByRole('img', { name: '4 de 5' }).waitFor();
  await part.getByText('Rápido!').waitFor();
  await part.getByText('Encerrado por quem visita').waitFor();
  await joao.page.close();

  await part.getByText(/^Visto no site/).waitFor();
  expect(await offences(bia.page)).toEqual([]);
});

test('a visitor sees that an agent writes to them, and nothing of notes, also of one that began as a reply', async ({
  world,
}) => {
  const joao = await world.visitor();
  await joao.opens();
  await joao.writes('Alguém aí?');
  const told: string[] = [];
  const bia = await chatOf(world.bia, 'Alguém aí?', (page) => {
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const [typing] = /typing:\w+/.exec(String(payload)) ?? [];
        if (typing) told.push(typing);
      }),
    );
  });
  const mode = (name: string) =>
    bia.page.getByRole('group', { name: 'O que escrever' }).getByRole('button', { name });
  const types = joao.panel().getByText('Bia está digitando');

  await mode('Nota interna').click();
  await bia.field.pressSequentially('cliente antigo');
  await mode('Responder').click();
  await bia.field.pressSequentially('Oi');
  await types.waitFor();
  await mode('Nota interna').click();
  await types.waitFor({ state: 'hidden', timeout: 4_000 });
  await bia.field.pressSequentially(' do Rio');
  await bia.field.press('Enter');
  await bia.message('cliente antigo do Rio').waitFor();

  expect(told).toEqual(['typing:start', 'typing:stop']);
  expect(await joao.panel().getByText('cliente antigo').count()).toBe(0);
});

test('beside a conversation on WhatsApp stands nothing of a site', async ({ world }) => {
  const rui = world.customer('Rui Sem Site');
  await rui.says('Oi');

  const chat = await Chat.with(world.bia, rui);

  await chat.page.getByRole('button', { name: 'Copiar o número' }).waitFor();
  expect(await chat.page.getByRole('region', { name: 'No site' }).count()).toBe(0);
});

/** The conversation in which somebody has just written that. */
async function chatOf(
  person: Person,
  words: string,
  before: (page: Page) => void = () => {},
): Promise<Chat> {
  type Shown = { id: string; lastMessage?: { content: string } };
  let found: Shown | undefined;
  await until('it has come', async () => {
    const all = await person.asks<{ conversations: Shown[] }>('/api/conversations');
    found = all.conversations.find(({ lastMessage }) => lastMessage?.content === words);
    return found;
  });
  const chat = new Chat((await person.opens(`/chat/${found?.id}`, { before })).page);
  await chat.message(words).waitFor();
  return chat;
}
