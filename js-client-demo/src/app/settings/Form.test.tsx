// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { ApiError } from '../../inbox-client';
import { Form } from './Form';

afterEach(cleanup);

test.each([
  [
    'the server refuses',
    new ApiError(503, 'secrets_sealed', 'the secrets of inbox 7 cannot be opened'),
    'O servidor não consegue abrir os segredos que guarda. Avise quem cuida dele.',
  ],
  [
    'does not get there',
    new TypeError('Failed to fetch'),
    'Não foi possível concluir. Tente de novo.',
  ],
])('what %s is said in the language of the page, in the dialog', async (_, problem, words) => {
  render(
    <Form heading="Editar" onSave={() => Promise.reject(problem)} onClose={() => {}}>
      <input name="name" aria-label="Nome" />
    </Form>,
  );
  const { form } = screen.getByText<HTMLButtonElement>('Salvar');

  if (form) fireEvent.submit(form);

  expect((await screen.findByRole('alert')).textContent).toBe(words);
});
