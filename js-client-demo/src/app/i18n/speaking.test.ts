// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { language, speak, startSpeaking } from './index';

test('who goes to English and back while its texts come stays with Portuguese', async () => {
  speak('pt-BR');
  await startSpeaking();

  speak('en');
  speak('pt-BR');
  await vi.dynamicImportSettled();
  expect([language.get(), document.documentElement.lang]).toEqual(['pt-BR', 'pt-BR']);

  speak('en');
  await vi.waitFor(() => expect(language.get()).toBe('en'));
});
