// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ToPage } from '../talk';

const origin = 'https://inbox.example';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A page with the chat on it, which somebody has opened; the panel is the test. */
async function site() {
  const script = { src: `${origin}/widget.js`, dataset: { inbox: 'pub' } };
  Object.defineProperty(document, 'currentScript', { configurable: true, get: () => script });
  vi.stubGlobal('visualViewport', null);
  const panel = { postMessage: vi.fn() };
  const make = document.createElement.bind(document);
  const made = (tag: string) =>
    tag === 'iframe' ? Object.assign(make('div'), { contentWindow: panel }) : make(tag);
  vi.spyOn(document, 'createElement').mockImplementation(made as never);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  await import('./loader');
  window.Recado?.open();
  return {
    panel,
    errors,
    isShown: () => document.querySelector<HTMLElement>('recado-widget')?.hidden === false,
    says: (word: ToPage) => {
      const data = { mark: 'recado:1', word };
      dispatchEvent(Object.assign(new Event('message'), { source: panel, origin, data }));
    },
  };
}

test('a chat that was refused goes away, and is back once the site says who the visitor is', async () => {
  const { panel, errors, isShown, says } = await site();
  says({ say: 'ready' });
  expect(isShown()).toBe(true);

  says({ say: 'refused', why: 'the identity is missing' });
  expect(isShown()).toBe(false);
  expect(errors).toHaveBeenCalledWith('recado: the identity is missing');
  const identity = { userId: '42', hash: 'ab' };
  window.Recado?.identify(identity);
  const word = { say: 'identify', identity };
  expect(panel.postMessage).toHaveBeenLastCalledWith({ mark: 'recado:1', word }, origin);
  says({ say: 'ready' });

  expect(isShown()).toBe(true);
});
