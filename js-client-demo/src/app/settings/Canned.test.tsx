// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox } from '../../inbox-client';
import { Rest } from '../rest';
import { Canned } from './Canned';

afterEach(cleanup);

const cannedResponses = [{ id: '1', shortcut: 'horario', content: 'Das 9h às 18h.' }];

test('what is being written stays where the list behind it cannot be fetched again', async () => {
  let isAway = false;
  const api = {
    GET: async () =>
      isAway
        ? { error: {}, response: new Response(null, { status: 404 }) }
        : { data: { cannedResponses }, response: new Response() },
    DELETE: async () => ({ response: new Response() }),
  };
  render(
    <InboxContext value={{ api } as unknown as Inbox}>
      <Rest>
        <Canned />
      </Rest>
    </InboxContext>,
  );
  fireEvent.click(await screen.findByText('Editar'));
  const field = () => screen.getByLabelText<HTMLTextAreaElement>('Texto');
  fireEvent.change(field(), { target: { value: 'Das 9h às 20h.' } });

  isAway = true;
  fireEvent.click(screen.getByText('Remover'));
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));

  expect(field().value).toBe('Das 9h às 20h.');
  expect(screen.queryByText('Não foi possível carregar.')).toBeNull();
});
