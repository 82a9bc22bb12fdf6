// Pictures of every screen in both themes and widths, in target/screenshots.

import { mkdir } from 'node:fs/promises';
import { agent, openBrowser } from './people.mjs';
import { screens } from './screens.mjs';
import { startServer } from './server.mjs';

const folder = new URL('../../target/screenshots/', import.meta.url).pathname;
const minute = 60_000;
const people = [
  ['Helena Prado', '5511982314410', 'Consegue confirmar se chega até sexta?', 4, 0, ['Entrega']],
  ['Otávio Lacerda', '5521997100092', 'O produto veio com defeito', 22, 0, ['Troca']],
  ['Sônia Barreto', '5531988447105', 'Recebi a cobrança em duplicidade', 26, 0, ['Financeiro']],
  ['Bruno Siqueira', '5585991226033', 'Pode gerar a etiqueta de devolução?', 2, 1, ['Troca']],
  ['Camila Rezende', '5541996778120', 'Mudou o bloco, é o B agora', 6, 1, ['Entrega']],
  ['Grupo Meridiano', '551130302200', 'Aguardo a proposta com o frete', 15, 1, ['B2B']],
  ['Luana Teles', '5571999551287', 'Mando a foto amanhã', 58, 2, ['Troca']],
  ['Ateliê Jacarandá', '5581987770199', 'Recebido, vamos assinar', 90, 2, ['B2B']],
  ['Nathalia Brandão', '5551993217788', 'Muito obrigada, chegou tudo certinho!', 140, 3, []],
];

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await openBrowser();
try {
  const asAda = await server.as('admin@demo.test');
  const { stages } = await asAda('/api/stages');
  const { user } = await asAda('/api/me');
  for (const [name, phone, words, ago, stage, labels] of people) {
    await server.customer(name, phone).says(words, Date.now() - ago * minute);
    const { conversations } = await asAda(`/api/conversations?q=${encodeURIComponent(name)}`);
    await asAda(`/api/conversations/${conversations[0].id}`, 'PATCH', {
      labels,
      ...(stage > 0 && { stageId: stages[stage].id, assigneeId: user.id }),
    });
  }
  for (const width of [1440, 390]) {
    for (const dark of [false, true]) {
      const ada = await agent(browser, server, { width, height: width < 768 ? 844 : 900, dark });
      await ada.seesStatus('connected');
      for (const { name, path, shows } of screens) {
        await ada.page.goto(server.url + path);
        await ada.page.locator(shows).first().waitFor();
        await ada.seesStatus('connected');
        await ada.page.screenshot({ path: `${folder}${name}-${width}${dark ? '-dark' : ''}.png` });
      }
      await ada.leave();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
