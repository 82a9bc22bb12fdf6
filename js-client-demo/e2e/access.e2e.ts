// Rows A1, A2, A3 and A6 of docs/client.md: what everyone can use, in every theme and width.

import type { Page } from 'playwright-core';
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

test('A3: the first Tab offers to skip to the content', async ({ world }) => {
  const ada = await world.ada.opens('/board');
  await ada.goes('/board', '.board');

  await ada.page.keyboard.press('Tab');
  const skip = ada.page.getByRole('link', { name: 'Pular para o conteúdo' });
  const at = await skip.boundingBox();
  await ada.page.keyboard.press('Enter');

  expect(at?.y).toBeGreaterThanOrEqual(0);
  expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe('content');
});

test('A3: whatever has the focus shows it', async ({ world }) => {
  const nilo = world.customer('Nilo Foco');
  await nilo.says('Oi, https://example.com');
  const ada = await world.ada.opens('/board', {
    before: (page) => page.emulateMedia({ reducedMotion: 'reduce' }),
  });
  const thread = { name: 'thread', path: `/chat/${await nilo.conversation()}`, shows: '.message' };

  const unseen: string[] = [];
  for (const { name, path, shows } of [...screens, thread]) {
    await ada.goes(path, shows);
    unseen.push(...(await unseenFocus(ada.page)).map((each) => `${name}: ${each}`));
  }

  expect(unseen).toEqual([]);
});

test('A3: for who wants less motion nothing moves', async ({ world }) => {
  await world.customer('Lena Quieta').says('Oi');
  const ada = await world.ada.opens('/board', {
    before: async (page) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await watchMotion(page);
    },
  });

  const card = ada.card('Lena Quieta');
  await card.hover();
  await card.getByRole('link').press('m');
  await ada.page.getByRole('menuitemradio', { name: 'Em atendimento' }).click();
  await ada.page.getByText('Lena Quieta foi para').waitFor();
  await card.getByRole('link').click();
  await ada.page.locator('.message').first().waitFor();

  expect(await ada.page.evaluate(() => (window as unknown as { moved: string[] }).moved)).toEqual(
    [],
  );
});

/** What can have the focus, and looks the same with and without it. */
function unseenFocus(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const look = (all: Element[]) =>
      JSON.stringify(
        all.map((each) =>
          ['', '::after', '::before'].map((pseudo) => {
            const { outline, boxShadow, borderColor, background } = getComputedStyle(each, pseudo);
            return [outline, boxShadow, borderColor, background];
          }),
        ),
      );
    const unseen = [];
    const can = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
    for (const each of document.querySelectorAll<HTMLElement>(can)) {
      if (!each.checkVisibility({ visibilityProperty: true }) || each.matches(':disabled'))
        continue;
      const around = [
        each,
        each.parentElement,
        each.parentElement?.parentElement,
        each.nextElementSibling,
      ];
      const all = around.filter((one) => one instanceof Element);
      (document.activeElement as HTMLElement | null)?.blur();
      const before = look(all);
      each.focus({ focusVisible: true } as FocusOptions);
      if (document.activeElement === each && look(all) === before) {
        unseen.push(each.outerHTML.slice(0, 120));
      }
    }
    return unseen;
  });
}

/** Notes what moves for long enough to be seen. */
function watchMotion(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const moved: string[] = [];
    Object.assign(window, { moved });
    const look = () => {
      for (const each of document.getAnimations()) {
        const { duration } = each.effect?.getComputedTiming() ?? {};
        const { target } = each.effect as KeyframeEffect;
        if (Number(duration) > 1) moved.push(`${target?.className} for ${duration} ms`);
      }
    };
    addEventListener('animationstart', look, true);
    addEventListener('transitionrun', look, true);
  });
}
