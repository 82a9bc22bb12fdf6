// A site of somebody else's with the chat on it, and a visitor who looks at it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { until } from './people.mjs';

/** Rules that spoil whatever of the widget the page can reach. */
const hostile = `
  * { letter-spacing: .2em !important }
  button { display: none !important; text-transform: uppercase !important }
  iframe { max-width: 120px !important; border: 6px dashed red !important }
  svg { display: none !important }
  div { position: static !important }`;

/** Serves a shop on an origin of its own, with the chat `inbox` of `server`. */
export async function openSite(server, inbox = 'pub_demo') {
  const page = `<!doctype html><html lang="pt-BR"><title>Loja Aurora</title><style>${hostile}</style>
    <h1>Sofá Enseada</h1>
    <script async src="${server.url}/widget.js" data-inbox="${inbox}"></script></html>`;
  const site = createServer((_, response) => {
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `script-src ${server.url}; require-trusted-types-for 'script'`,
    });
    response.end(page);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  return {
    // Another site than the server's, not just another port of it.
    url: `http://localhost:${site.address().port}/`,
    close: () => site.close(),
  };
}

/**
 * Somebody who looks at a site. What they see of the widget is in a closed shadow root: they reach it
 * by where it is, and by the keyboard.
 */
export async function visitor(browser, site, { width = 1100, height = 800, context } = {}) {
  const own =
    context ?? (await browser.newContext({ viewport: { width, height }, locale: 'pt-BR' }));
  const page = await own.newPage();
  const mistakes = [];
  const requests = [];
  page.on('pageerror', (error) => mistakes.push(error.message));
  page.on('console', (message) => message.type() === 'error' && mistakes.push(message.text()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(site.url);
  await page.locator('recado-widget').waitFor({ state: 'attached' });
  return {
    page,
    context: own,
    mistakes,
    requests,
    /** Clicks where the launcher is. */
    async opens() {
      await page.mouse.click(width - 49, height - 49);
      await until('the panel is there', () => this.panel());
      await this.panel().locator('header').waitFor();
    },
    panel: () => page.frames().find((frame) => frame.url().includes('/widget/')),
    /** Writes into the panel, as the site's first question has been answered. */
    async writes(text) {
      const panel = this.panel();
      const first = panel.locator('.first');
      if (await first.isVisible()) {
        await panel.locator('[name=name]').fill('João Silva');
        await first.getByRole('button').click();
      }
      await panel.getByRole('textbox', { name: 'Escreva sua mensagem' }).fill(text);
      await page.keyboard.press('Enter');
      await panel.locator('.own', { hasText: text }).waitFor();
    },
    async leave() {
      await own.close();
      assert.deepEqual(mistakes, []);
    },
  };
}
