// People at a browser. What goes wrong on their pages (errors in the console, offences against the
// Content-Security-Policy) fails the test that they take part in.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

/** A browser for all tests of a file. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** How long somebody waits for something to be seen before they give up. */
const patienceMs = 15_000;

/**
 * Somebody of the demo's, signed in and at `path`.
 *
 * `before` may set up the page (routes, a websocket that is refused) before anything is fetched.
 * Network errors are no mistakes of the page for whom `mayLoseTouch`.
 */
export async function agent(browser, server, options = {}) {
  const { email = 'admin@demo.test', path = '/board', width = 1440, height = 900 } = options;
  const { dark = false, locale = 'pt-BR', touch = false, before, mayLoseTouch = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: touch,
    isMobile: touch,
    locale,
    timezoneId: 'America/Sao_Paulo',
  });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const mistakes = [];
  page.on('pageerror', (error) => mistakes.push(error.message));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const isNetwork = /net::|Failed to load resource|WebSocket connection/.test(message.text());
    if (!(mayLoseTouch && isNetwork)) mistakes.push(message.text());
  });
  await before?.(page);
  await page.goto(server.url + path);
  if (options.signIn !== false) await signIn(page, email);
  return {
    page,
    context,
    mistakes,
    card: (name) => page.locator('.held .card', { hasText: name }),
    column: (name) => page.getByRole('region', { name, exact: true }),
    status: () => page.locator('.bar .connection').getAttribute('data-status'),
    seesStatus: (status) => page.locator(`.bar .connection[data-status=${status}]`).waitFor(),
    /** Goes, and fails the test if anything went wrong on the page. */
    async leave() {
      await context.close();
      assert.deepEqual(mistakes, []);
    },
  };
}

/** Signs in by the form that is shown. */
export async function signIn(page, email, password = 'demo') {
  await page.locator('[name=email]').fill(email);
  await page.locator('[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('.shell').waitFor();
}

/** Waits until `look` returns something true, looking often; says what was expected otherwise. */
export async function until(what, look, ms = patienceMs) {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never came true: ${what}`);
}
