// The dashboard, rows D* of docs/client.md.

import type { Locator, Page } from 'playwright-core';
import { Chat, expect, test, until } from './world';

test('D1: the figures follow what happens, and rest while nobody looks', async ({ world }) => {
  const ada = await world.ada.opens('/dashboard', { before: (page) => page.clock.install() });
  await ada.seesStatus('connected');
  const open = figure(ada.page, 'Conversas abertas');
  const before = Number(await open.innerText());
  const asked: string[] = [];
  ada.page.on('request', (request) => {
    if (request.url().includes('/api/stats')) asked.push(request.url());
  });

  await world.customer('Nina Um').says('Oi');
  await until(
    'one more is open',
    async () => Number(await open.innerText()) === before + 1,
    10_000,
  );
  await setHidden(ada.page, true);
  asked.length = 0;
  const title = await ada.page.title();
  await world.customer('Nina Dois').says('Oi');
  await until('the tab knows of it', async () => (await ada.page.title()) !== title);
  await ada.page.clock.runFor('00:40');
  const askedUnseen = [...asked];
  await setHidden(ada.page, false);

  await until('two more are open', async () => Number(await open.innerText()) === before + 2);
  expect(askedUnseen).toEqual([]);
});

test('D2: the chart tells by eye what its table tells by ear, told apart by dashes too', async ({
  world,
}) => {
  const caio = world.customer('Caio Gráfico');
  for (const words of ['Um', 'Dois', 'Três']) await caio.says(words);
  const answer = { type: 'TEXT', content: 'Quatro' };
  await world.bia.asks(`/api/conversations/${await caio.conversation()}/messages`, 'POST', answer);
  const ada = await world.ada.opens('/dashboard', { before: hearDashes });
  await ada.page.getByRole('img', { name: 'Mensagens por hora' }).waitFor();

  await ada.page.getByText('Ver como tabela').click();
  const rows = ada.page.getByRole('table').filter({ hasText: 'Recebidas' }).getByRole('row');
  const last = rows.last();
  const plot = await ada.page.locator('.chart .u-over').boundingBox();
  if (!plot) throw new Error('there is no chart');
  await ada.page.mouse.move(plot.x + plot.width - 2, plot.y + plot.height / 2);
  const readOut = ada.page.locator('.chart .u-legend .u-value');
  await readOut.getByText(/\d\d:00/).waitFor();

  expect(await readOut.allInnerTexts()).toEqual(await cells(last));
  expect(Number((await cells(last))[1])).toBeGreaterThanOrEqual(3);
  expect(await rows.count()).toBeGreaterThanOrEqual(24);
  expect(await ada.page.evaluate(() => (window as unknown as { dashes: number }).dashes)).not.toBe(
    0,
  );
});

test('D3: who is connected, how quick answers are and what was not delivered is there, and true', async ({
  world,
}) => {
  const lara = world.customer('Lara Falha');
  await lara.says('Oi');
  const bia = await Chat.with(world.bia, lara);
  await bia.seesStatus('connected');
  await world.server.whatsapp({ fail: 1 });
  await bia.write('Não chega');
  await bia.reaches('Não chega', 'FAILED');
  await world.server.whatsapp({ fail: 0 });

  const joao = await world.visitor();
  await joao.opens();
  await joao.writes('Alguém aí?');
  const ada = await world.ada.opens('/dashboard');
  await ada.seesStatus('connected');
  await lara.says('Alô?');
  const health = ada.page.locator('.health');
  await until(
    'all are connected',
    async () => (await figure(health, 'Conexões').innerText()) === '3',
  );
  const stats = await world.ada.asks<Stats>('/api/stats');

  expect(await figure(health, 'WebSocket').innerText()).toBe('3');
  const people = health.getByRole('rowheader');
  expect((await people.allInnerTexts()).sort()).toEqual(['Ada', 'Bia', 'Visitante do site']);
  // Whatever is no cell has its line a pixel off the row's.
  const row = ada.page.locator('.team tbody tr').first().locator('th, td');
  const shown = await row.evaluateAll((all) => all.map((it) => getComputedStyle(it).display));
  expect(new Set(shown)).toEqual(new Set(['table-cell']));
  const quick = ada.page.locator('.kpis > div', { hasText: '1ª resposta' });
  expect(await quick.innerText()).toContain(`9 de 10 em até ${stats.times.firstResponse.p90}`);
  const [failure] = stats.failures;
  const told = ada.page.locator('.rows li', { hasText: String(failure?.code) });
  expect(await told.innerText()).toContain(String(failure?.count));
});

type Stats = {
  times: { firstResponse: { p90: number } };
  failures: { code: string; count: number }[];
};

function figure(where: Page | Locator, name: string): Locator {
  return where.locator('dl > div', { hasText: name }).locator('dd').first();
}

async function cells(row: Locator): Promise<string[]> {
  return row.locator('th, td').allInnerTexts();
}

/** Goes to another tab, or comes back. */
function setHidden(page: Page, isHidden: boolean): Promise<void> {
  return page.evaluate((hidden) => {
    const state = hidden ? 'hidden' : 'visible';
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, isHidden);
}

/** Counts the dashed lines that are drawn. */
function hearDashes(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const { setLineDash } = CanvasRenderingContext2D.prototype;
    const drawn = { dashed: 0 };
    Object.defineProperty(window, 'dashes', { get: () => drawn.dashed });
    CanvasRenderingContext2D.prototype.setLineDash = function (pattern) {
      if ([...pattern].length > 0) drawn.dashed += 1;
      setLineDash.call(this, pattern);
    };
  });
}
