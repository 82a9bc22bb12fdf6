import { afterEach, expect, test, vi } from 'vitest';
import { toasts } from '../ui/toasts';
import { copy } from './copy';

afterEach(() => {
  toasts.set([]);
  vi.unstubAllGlobals();
});

test.each<[string, unknown, string]>([
  ['has been copied', { writeText: async () => {} }, 'Texto copiado'],
  [
    'the browser does not let one copy',
    { writeText: () => Promise.reject(new DOMException('', 'NotAllowedError')) },
    'Não foi possível concluir. Tente de novo.',
  ],
  ['there is no clipboard for', undefined, 'Não foi possível concluir. Tente de novo.'],
])('what %s is told of', async (_, clipboard, told) => {
  vi.stubGlobal('navigator', { clipboard });

  await copy('Oi', 'Texto copiado');

  expect(toasts.get().map(({ words }) => words)).toEqual([told]);
});
