// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox } from '../../inbox-client';
import { Rest } from '../rest';
import { Inboxes } from './Inboxes';

afterEach(cleanup);

const inbox = { id: 'i1', name: 'Site', channel: 'live_chat', phoneNumberId: '', settings: {} };
const site = { inboxId: 'i1', key: 'pub_1', name: 'Site', settings: settings() };

function settings() {
  return { title: 'Fale com a loja', allowedOrigins: [], preChat: [], requiresIdentity: false };
}

/** The inboxes, of which one is a site's chat; what else there is to that comes as the test says. */
function inboxes(sites: Promise<object>) {
  const api = {
    GET: (path: string) =>
      path === '/api/inboxes'
        ? Promise.resolve({ data: { inboxes: [inbox] }, response: new Response() })
        : sites,
  };
  render(
    <InboxContext value={{ api } as unknown as Inbox}>
      <Rest>
        <Inboxes />
      </Rest>
    </InboxContext>,
  );
}

test('where nothing is known of the sites that is said, and none is there to be edited', async () => {
  inboxes(Promise.resolve({ error: {}, response: new Response(null, { status: 404 }) }));

  const alert = await screen.findByRole('alert');

  expect(alert.textContent).toBe('Não foi possível carregar.');
  expect(screen.queryByText('Editar')).toBeNull();
});

test("a site's chat can be edited once all of it has come", async () => {
  let come = (_: object) => {};
  inboxes(
    new Promise((resolve) => {
      come = resolve;
    }),
  );
  await screen.findByText('Adicionar chat do site');
  expect(screen.queryByText('Editar')).toBeNull();

  come({ data: { liveChats: [site] }, response: new Response() });
  fireEvent.click(await screen.findByText('Editar'));

  expect(screen.getByRole('dialog').getAttribute('aria-label')).toBe('Editar');
  expect(screen.getByLabelText<HTMLInputElement>('Título').value).toBe('Fale com a loja');
});
