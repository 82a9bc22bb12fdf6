// The chat on a site, rows W* of docs/client.md.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agent, openBrowser, until } from './people.mjs';
import { startServer } from './server.mjs';
import { openSite, visitor } from './site.mjs';

let server;
let browser;
let site;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
  site = await openSite(server);
});
after(async () => {
  site?.close();
  await browser?.close();
  await server?.stop();
});

/** What agents do over the API, about the conversation of whoever is called so. */
async function desk(name) {
  const asBia = await server.as('agent@demo.test');
  const { conversations } = await asBia(`/api/conversations?q=${encodeURIComponent(name)}`);
  const { id } = conversations[0];
  return {
    answers: (content) =>
      asBia(`/api/conversations/${id}/messages`, 'POST', { type: 'TEXT', content }),
  };
}

test('W1: it opens over hostile styles, sends, and gives the focus back at Escape', async () => {
  const joao = await visitor(browser, site);
  assert.equal(joao.requests.filter((url) => url.startsWith(server.url)).length, 1);

  await joao.opens();
  await joao.writes('O sofá está disponível?');

  const panel = joao.panel();
  await panel.locator('.own .ticks', { hasText: '✓' }).waitFor();
  assert.equal(await panel.evaluate(() => innerWidth), 384);
  await joao.page.keyboard.press('Escape');
  const focused = () => joao.page.evaluate(() => document.activeElement?.localName);
  await until('the launcher has the focus', async () => (await focused()) === 'recado-widget');
  await joao.leave();
});

test('W2, W3: both sides see at once what the other says, the visitor also while it is closed', async () => {
  const joao = await visitor(browser, site);
  const ada = await agent(browser, server);
  await joao.opens();

  await joao.writes('Entregam em Niterói?');
  await ada.card('João Silva').getByText('Entregam em Niterói?').waitFor();
  await joao.page.keyboard.press('Escape');
  await (await desk('João')).answers('Entregamos sim!');

  const panel = joao.panel();
  await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).waitFor({ state: 'attached' });
  // The shadow root is closed: that something waits is read from what assistive technology is told.
  const session = await joao.context.newCDPSession(joao.page);
  await until('the launcher tells what was said', async () => {
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    return nodes.some((node) => node.name?.value === 'Entregamos sim!');
  });
  await joao.opens();
  await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).waitFor();
  assert.equal(await panel.locator('.theirs', { hasText: 'Entregamos sim!' }).count(), 1);
  await joao.leave();
  await ada.leave();
});

test('W4: whoever comes back finds what was said, once, also after the server was away', async () => {
  const first = await visitor(browser, site);
  await first.opens();
  await first.writes('Volto já');
  await first.page.close();
  await server.away();
  await server.back();

  const again = await visitor(browser, site, { context: first.context });
  await again.opens();

  await again.panel().locator('.own', { hasText: 'Volto já' }).waitFor();
  assert.equal(await again.panel().locator('.own', { hasText: 'Volto já' }).count(), 1);
  await again.leave();
});

test('W4: what is written while the server is away goes out once it is back', async () => {
  const joao = await visitor(browser, site);
  await joao.opens();
  await joao.writes('Antes');
  const panel = joao.panel();
  await panel.locator('.own .ticks', { hasText: '✓' }).waitFor();

  await server.away();
  await joao.writes('Durante');
  await panel.locator('.connection.offline').waitFor();
  await server.back();
  await panel.getByRole('button', { name: 'Tentar agora' }).click();

  await panel.locator('.own', { hasText: 'Durante' }).locator('.ticks', { hasText: '✓' }).waitFor();
  await panel.locator('.connection.live').waitFor();
  assert.equal(await panel.locator('.own').count(), 2);
  await joao.context.close();
});

test('W6: a chat that nobody knows goes away when it is opened, with one line in the console', async () => {
  const wrong = await openSite(server, 'pub_nobody');
  const joao = await visitor(browser, wrong);

  await joao.page.mouse.click(1_100 - 49, 800 - 49);

  await joao.page.locator('recado-widget').waitFor({ state: 'hidden' });
  const ours = joao.mistakes.filter((told) => told.startsWith('recado:'));
  assert.equal(ours.length, 1);
  await joao.context.close();
  wrong.close();
});
