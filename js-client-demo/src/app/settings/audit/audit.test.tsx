// @vitest-environment happy-dom
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { act, cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { language } from '../../i18n';
import { en } from '../../i18n/en';
import { Action } from './Audit';
import { auditText } from './text';

afterEach(() => {
  cleanup();
  language.set('pt-BR');
});

test('every action that the server notes has words, and nothing else has', () => {
  const noted = actionsIn(resolve(import.meta.dirname, '../../../../../src/desk'));

  expect(noted).toContain('user.added');
  expect(Object.keys(auditText.get()).sort()).toEqual(noted);
  expect(Object.keys(en.audit).sort()).toEqual(noted);
});

test('an action is told in the words of the language that is spoken', async () => {
  const { container } = render(<Action name="session.refused" />);
  expect(container.textContent).toBe('Entrada recusada');

  await act(async () => language.set('en'));

  expect(container.textContent).toBe('Sign-in refused');
});

test('an action of which there are no words is told by its name', () => {
  const { container } = render(<Action name="toString" />);

  expect(container.innerHTML).toBe('<code>toString</code>');
});

/** The names that files of the server note something by: `kind.done`, where they write lines of the log. */
function actionsIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .filter((text) => /\bnote(_stranger)?\(/.test(text));
  const names = files.flatMap((text) => text.match(/(?<=")[a-z_]+\.[a-z_]+(?=")/g) ?? []);
  return [...new Set(names)].sort();
}
