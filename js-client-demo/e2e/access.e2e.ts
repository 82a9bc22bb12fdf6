// Rows A1, A2 and A6 of docs/client.md: what everyone can use, in every theme and width.

import { expect, test } from './world';
import { offences } from './world/axe';
import { screens } from './world/screens';

for (const width of [1440, 390]) {
  for (const dark of [false, true]) {
    test(`A1, A6: axe finds nothing on any screen at ${width} pixels, ${dark ? 'dark' : 'light'}`, async ({
      world,
    }) => {
      await world.customer('Helena Prado').says('Chega até sexta?');
      const ada = await world.ada.opens('/board', { width, dark });
      await ada.seesStatus('connected');

      const found: Record<string, string[]> = {};
      for (const { name, path, shows } of screens) {
        await ada.goes(path, shows);
        const wrong = await offences(ada.page);
        if (wrong.length > 0) found[name] = wrong;
      }

      expect(found).toEqual({});
    });
  }
}

test('A2: no screen scrolls sideways', async ({ world }) => {
  await world.customer('Sônia Barreto').says('Chega até sexta?');

  const tooWide: string[] = [];
  for (const width of [320, 390, 1024]) {
    const ada = await world.ada.opens('/board', { width });
    for (const { name, path, shows } of screens) {
      await ada.goes(path, shows);
      const over = await ada.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) tooWide.push(`${name} at ${width}: ${over} px too wide`);
    }
  }

  expect(tooWide).toEqual([]);
});
