// Rows A1, A2 and A6 of docs/client.md: what everyone can use, in every theme and width.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { offences } from './axe.mjs';
import { agent, openBrowser } from './people.mjs';
import { screens } from './screens.mjs';
import { startServer } from './server.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
  await server.customer('Helena Prado', '5511982314410').says('Chega até sexta?', Date.now() - 3e5);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const width of [1440, 390]) {
  for (const dark of [false, true]) {
    test(`A1, A6: nothing serious at ${width} pixels, ${dark ? 'dark' : 'light'}`, async () => {
      const ada = await agent(browser, server, { width, dark });
      await ada.seesStatus('connected');

      const found = {};
      for (const { name, path, shows } of screens) {
        await ada.page.goto(server.url + path);
        await ada.page.locator(shows).first().waitFor();
        const wrong = await offences(ada.page);
        const serious = wrong.filter(({ impact }) => ['serious', 'critical'].includes(impact));
        if (serious.length > 0) found[name] = serious;
      }

      assert.deepEqual(found, {});
      await ada.leave();
    });
  }
}

test('A2: no screen scrolls sideways', async () => {
  for (const width of [320, 390, 1024]) {
    const ada = await agent(browser, server, { width });
    for (const { name, path, shows } of screens) {
      await ada.page.goto(server.url + path);
      await ada.page.locator(shows).first().waitFor();
      const over = await ada.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(over <= 0, `${name} at ${width}: ${over} px too wide`);
    }
    await ada.leave();
  }
});
