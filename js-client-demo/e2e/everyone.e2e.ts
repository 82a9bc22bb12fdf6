// Everybody at once: two agents, a customer on WhatsApp, and a visitor of the site.

import { Chat, expect, test, until } from './world';

test('two agents, a customer and a visitor talk at once: each is heard by who should hear, once', async ({
  world,
}) => {
  const ana = world.customer('Ana Geral');
  const joao = await world.visitor();
  const ada = new Chat((await world.ada.opens('/board')).page);
  const bia = await Chat.at(world.bia);
  await Promise.all([ada.seesStatus('connected'), bia.seesStatus('connected')]);
  await joao.opens();

  // Both write first, and both agents see both.
  await Promise.all([joao.writes('Entregam no sábado?'), ana.says('Meu pedido atrasou')]);
  for (const words of ['Entregam no sábado?', 'Meu pedido atrasou']) {
    await ada.page.locator('.card').getByText(words).waitFor();
    await bia.page.locator('.chat-row').getByText(words).waitFor();
  }

  // Ada takes Ana's card along and opens it; Bia opens João, who sees that she types.
  await ada.card('Ana Geral').getByRole('link').press('m');
  await ada.page.getByRole('menuitemradio', { name: 'Em atendimento' }).click();
  await ada.column('Em atendimento').getByText('Ana Geral').click();
  await ada.page.getByRole('button', { name: 'Atribuir a mim' }).click();
  await bia.page.locator('.chat-row', { hasText: 'Entregam no sábado?' }).click();
  await bia.field.pressSequentially('Bom dia!');
  await joao.panel().locator('.typing').waitFor();

  // All four write at the same time.
  await Promise.all([
    bia.field.press('Enter'),
    ada.write('Já estou vendo'),
    joao.writes('É para Niterói'),
    ana.says('Obrigada'),
  ]);
  await Promise.all([
    joao.panel().locator('.theirs', { hasText: 'Bom dia!' }).waitFor(),
    ada.reaches('Já estou vendo', 'READ'),
    bia.message('É para Niterói').waitFor(),
    ada.message('Obrigada').waitFor(),
  ]);

  // A note stays among agents, and a chat is handed over.
  await ada.page.getByRole('button', { name: 'Nota interna' }).click();
  await ada.write('Transportadora confirmou');
  await ada.page.locator('.message[data-side=note]').waitFor();
  await bia.page.locator('.thread-acts select').selectOption({ label: 'Ada' });
  await bia.page.getByText('Agora é de Ada').waitFor();
  await bia.row(ana).click();
  await bia.message('Transportadora confirmou').waitFor();
  await ada.page.getByRole('button', { name: 'Resolver' }).click();
  await until(
    'Bia sees that it is done',
    async () => (await bia.page.getByRole('button', { name: 'Reabrir' }).count()) === 1,
  );

  const thread = await words(bia);
  expect(thread).toEqual(await words(ada));
  expect(thread.toSorted()).toEqual([
    'Já estou vendo',
    'Meu pedido atrasou',
    'Obrigada',
    'Transportadora confirmou',
  ]);
  expect(await world.server.ledger()).not.toContain('Transportadora');
  for (const each of ['Entregam no sábado?', 'Bom dia!', 'É para Niterói']) {
    expect(await joao.panel().locator('.line', { hasText: each }).count(), each).toBe(1);
  }
  expect(
    await joao
      .panel()
      .getByText(/atrasou|vendo|Obrigada|Transportadora/)
      .count(),
  ).toBe(0);
  await bia.page.reload();
  await bia.message('Obrigada').waitFor();
  expect(await words(bia)).toEqual(thread);
});

/** What was said in the thread that is open. */
async function words(chat: Chat): Promise<string[]> {
  const all = await chat.page.locator('.message .words').allInnerTexts();
  return all.map((each) => each.trim());
}
