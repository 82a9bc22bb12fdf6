// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox } from '../../inbox-client';
import type { components } from '../../inbox-client/generated/api';
import { Rest } from '../rest';
import { UserForm } from './UserForm';

afterEach(cleanup);

const bia: components['schemas']['User'] = {
  id: 'bia',
  name: 'Bia',
  email: 'bia@acme.test',
  role: 'agent',
  inboxes: ['site', 'loja'],
  isDisabled: false,
  createdAt: '2025-07-19T08:00:00.000Z',
};

/** The form, while it is not known which inboxes there are. */
function form(user: typeof bia | null) {
  const asked: unknown[] = [];
  const take = async (_: string, { body }: { body: unknown }) => {
    asked.push(body);
    return { data: {}, response: new Response() };
  };
  const api = { GET: () => new Promise(() => {}), POST: take, PATCH: take };
  render(
    <InboxContext value={{ api } as unknown as Inbox}>
      <Rest>
        <UserForm user={user} onClose={() => {}} />
      </Rest>
    </InboxContext>,
  );
  const button = screen.getByText<HTMLButtonElement>('Salvar');
  return {
    asked,
    button,
    fill: (label: string, value: string) =>
      fireEvent.change(screen.getByLabelText(label), { target: { value } }),
    save: async () => {
      if (button.form) fireEvent.submit(button.form);
      await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
    },
  };
}

test('who is saved before there are inboxes to choose from keeps those they see', async () => {
  const { asked, fill, save } = form(bia);

  fill('Nome', 'Bia Reis');
  await save();

  expect(asked).toEqual([{ name: 'Bia Reis', role: 'agent' }]);
});

test('nobody is added to see some inboxes before there are any to choose from', async () => {
  const { asked, button, fill, save } = form(null);
  fill('Nome', 'Caio');
  fill('E-mail', 'caio@acme.test');
  fill('Senha', 'uma senha comprida');

  fireEvent.click(screen.getByLabelText('Todas as caixas'));
  await save();

  expect(button.disabled).toBe(true);
  expect(screen.getByRole('status').textContent).toBe('Carregando…');
  expect(asked).toEqual([]);
  fireEvent.click(screen.getByLabelText('Todas as caixas'));
  await save();
  expect(asked).toMatchObject([{ name: 'Caio', inboxes: null }]);
});
