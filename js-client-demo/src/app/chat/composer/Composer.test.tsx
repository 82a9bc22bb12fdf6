// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import { inboxOf } from '../../../inbox-client/testing/inboxes';
import { conversation } from '../../../inbox-client/testing/samples';
import { Composer } from './Composer';

afterEach(cleanup);

const on = { id: 'site', name: 'Site', channel: 'live_chat' } as const;
const cannedResponses = [{ id: '1', shortcut: 'horario', content: 'Das 9h às 18h.' }];

/** Somebody who writes; how the canned responses are answered is what the test says. */
function writer(answers: () => Promise<Response>) {
  const fetch = async ({ url }: Request) =>
    url.endsWith('/api/canned-responses') ? answers() : new Response(null, { status: 404 });
  const inbox = inboxOf(fetch);
  const open = (id: string) => (
    <InboxContext value={inbox}>
      <Composer
        key={id}
        ref={null}
        conversation={conversation(id, { inbox: on })}
        quoted={null}
        onQuote={() => {}}
        isOver={false}
        onSent={() => {}}
      />
    </InboxContext>
  );
  const page = render(open('c'));
  const field = () => screen.getByRole<HTMLTextAreaElement>('textbox');
  return {
    field,
    goesTo: (id: string) => page.rerender(open(id)),
    writes: (value: string) => fireEvent.change(field(), { target: { value } }),
    enters: () => fireEvent.keyDown(field(), { key: 'Enter' }),
    sent: () => inbox.getSnapshot().outbox.map(({ post }) => post.content),
  };
}

test('a shortcut is not sent while the canned responses are on their way', async () => {
  let come = (_: Response) => {};
  const held = new Promise<Response>((resolve) => {
    come = resolve;
  });
  const { field, writes, enters, sent } = writer(() => held);

  writes('/horario');
  await screen.findByText('Carregando as respostas prontas…');
  enters();
  expect(sent()).toEqual([]);
  come(Response.json({ cannedResponses }));
  await screen.findByRole('option');
  enters();

  expect(field().value).toBe('Das 9h às 18h.');
  expect(sent()).toEqual([]);
});

test('where they cannot be had that is said, and Enter tries again', async () => {
  let isAway = true;
  const { field, writes, enters, sent } = writer(async () => {
    if (isAway) throw new TypeError('no network');
    return Response.json({ cannedResponses });
  });

  writes('/horario');
  await screen.findByText(/não puderam ser carregadas/);
  isAway = false;
  enters();
  await screen.findByRole('option');
  enters();

  expect(field().value).toBe('Das 9h às 18h.');
  expect(sent()).toEqual([]);
});

test('those that are known are there at once in the next conversation, and who closes them sends what stands there', async () => {
  let answers = async () => Response.json({ cannedResponses });
  const { field, goesTo, writes, enters, sent } = writer(() => answers());
  writes('/');
  await screen.findByRole('option');
  answers = () => new Promise(() => {});

  goesTo('d');
  writes('/horario');
  enters();
  expect(field().value).toBe('Das 9h às 18h.');

  goesTo('e');
  writes('/nada');
  fireEvent.keyDown(field(), { key: 'Escape' });
  enters();
  expect(sent()).toEqual(['/nada']);
});

test('a reply that has been begun is there again after a note, and gone once it is sent', () => {
  const { field, writes, enters, sent } = writer(() => new Promise(() => {}));

  writes('Bom d');
  fireEvent.click(screen.getByText('Nota interna'));
  writes('vip');
  enters();
  expect(field().value).toBe('');
  fireEvent.click(screen.getByText('Responder'));
  expect(field().value).toBe('Bom d');
  writes('Bom dia!');
  enters();

  expect(sent().sort()).toEqual(['Bom dia!', 'vip']);
  expect(field().value).toBe('');
});

test('what is written runs in the direction of its own words', () => {
  const { field } = writer(() => new Promise(() => {}));

  expect(field().getAttribute('dir')).toBe('auto');
});
