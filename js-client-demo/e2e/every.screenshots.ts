// Pictures of every screen in both themes and widths, in target/screenshots.

import { resolve } from 'node:path';
import { test } from './world';
import { secondsAgo } from './world/customer';
import { screens } from './world/screens';

const folder = resolve(import.meta.dirname, '../../target/screenshots');
const picture = resolve(import.meta.dirname, 'world/picture.png');
/** Who writes what, how many minutes ago, how far they have got on the board, and their labels. */
const people: [string, string, number, number, string[]][] = [
  ['Helena Prado', 'Consegue confirmar se chega até sexta?', 4, 0, ['Entrega']],
  ['Otávio Lacerda', 'O produto veio com defeito', 22, 0, ['Troca']],
  ['Sônia Barreto', 'Recebi a cobrança em duplicidade', 26, 0, ['Financeiro']],
  ['Bruno Siqueira', 'Pode gerar a etiqueta de devolução?', 2, 1, ['Troca']],
  ['Camila Rezende', 'Mudou o bloco, é o B agora', 6, 1, ['Entrega']],
  ['Grupo Meridiano', 'Aguardo a proposta com o frete', 15, 1, ['B2B']],
  ['Luana Teles', 'Mando a foto amanhã', 58, 2, ['Troca']],
  ['Ateliê Jacarandá', 'Recebido, vamos assinar', 90, 2, ['B2B']],
  ['Nathalia Brandão', 'Muito obrigada, chegou tudo certinho!', 140, 3, []],
];

test('every screen in both themes and widths', async ({ world }) => {
  const joao = await world.visitor();
  await joao.opens();
  await joao.writes('Vocês entregam em Niterói?');
  await joao.panel().locator('input[type=file]').setInputFiles(picture);
  await joao.panel().locator('.own .file img').waitFor();
  await joao.page.screenshot({ path: `${folder}/widget.png` });
  const { stages } = await world.ada.asks<{ stages: { id: string }[] }>('/api/stages');
  const { user } = await world.ada.asks<{ user: { id: string } }>('/api/me');
  for (const [name, words, minutes, stage, labels] of people) {
    const customer = world.customer(name);
    await customer.says(words, { timestamp: secondsAgo(minutes * 60) });
    await world.ada.asks(`/api/conversations/${await customer.conversation()}`, 'PATCH', {
      labels,
      ...(stage > 0 && { stageId: stages[stage]?.id, assigneeId: user.id }),
    });
  }

  const { conversations } = await world.ada.asks<{ conversations: { id: string }[] }>(
    '/api/conversations?q=Jo%C3%A3o%20Silva',
  );
  const thread = { name: 'thread', path: `/chat/${conversations[0]?.id}`, shows: '.message' };

  for (const width of [1440, 390]) {
    for (const dark of [false, true]) {
      const height = width < 768 ? 844 : 900;
      const ada = await world.ada.opens('/board', { width, height, dark });
      for (const { name, path, shows } of [...screens, thread]) {
        await ada.goes(path, shows);
        const live = ada.page.locator('.bar .connection[data-status=connected]');
        await live.waitFor({ state: 'attached' });
        await ada.page.screenshot({ path: `${folder}/${name}-${width}${dark ? '-dark' : ''}.png` });
      }
    }
  }
}, 600_000);
