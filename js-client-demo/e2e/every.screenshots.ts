// Pictures of every screen in both themes and widths, in target/screenshots.

import { resolve } from 'node:path';
import { test } from './world';
import { secondsAgo } from './world/customer';
import { screens } from './world/screens';

const folder = resolve(import.meta.dirname, '../../target/screenshots');
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

  for (const width of [1440, 390]) {
    for (const dark of [false, true]) {
      const height = width < 768 ? 844 : 900;
      const ada = await world.ada.opens('/board', { width, height, dark });
      for (const { name, path, shows } of screens) {
        await ada.goes(path, shows);
        await ada.seesStatus('connected');
        await ada.page.screenshot({ path: `${folder}/${name}-${width}${dark ? '-dark' : ''}.png` });
      }
    }
  }
});
