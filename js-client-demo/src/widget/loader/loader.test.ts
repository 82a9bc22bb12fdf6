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
  vi.resetModules();
  Object.assign(window, { Recado: undefined });
  document.body.replaceChildren();
});

/** A page with the chat on it, which somebody has opened; the panel is the test. */
async function site() {
  document.documentElement.lang = 'pt-BR';
  const script = { src: `${origin}/widget.js`, dataset: { inbox: 'pub' } };
  Object.defineProperty(document, 'currentScript', { configurable: true, get: () => script });
  vi.stubGlobal('visualViewport', null);
  const panel = { postMessage: vi.fn() };
  const make = document.createElement.bind(document);
  const made = (tag: string) =>
    tag === 'iframe' ? Object.assign(make('div'), { contentWindow: panel }) : make(tag);
  vi.spyOn(document, 'createElement').mockImplementation(made as never);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const attached = vi.spyOn(Element.prototype, 'attachShadow');
  await import('./loader');
  window.Recado?.open();
  const [root] = attached.mock.results.map(({ value }) => value as ShadowRoot);
  return {
    panel,
    /** What is told of messages that wait. */
    told: () => root?.querySelector('.count')?.ariaLabel,
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

test('how much is unread is told as the language counts', async () => {
  const { told, says } = await site();
  says({ say: 'ready' });
  window.Recado?.close();

  says({ say: 'unread', count: 1, preview: 'Oi!' });
  expect(told()).toBe('1 não lida');
  says({ say: 'unread', count: 120, preview: 'Oi!' });

  expect(told()).toBe('99+ não lidas');
});
