import { afterEach, expect, test } from 'vitest';
import { ApiError } from '../../inbox-client';
import { toasts } from '../ui/toasts';
import { attempt } from './attempt';

afterEach(() => toasts.set([]));

test.each([
  [
    'and why',
    new ApiError(403, 'forbidden', 'your role does not allow this'),
    'Não foi possível salvar. Você não tem permissão para isso.',
  ],
  ['alone where nobody knows why', new TypeError('Failed to fetch'), 'Não foi possível salvar.'],
])('what cannot be done is said in the language of the page, %s', async (_, problem, words) => {
  expect(await attempt(Promise.reject(problem), 'Não foi possível salvar.')).toBe(false);

  expect(toasts.get().map((toast) => toast.words)).toEqual([words]);
});
