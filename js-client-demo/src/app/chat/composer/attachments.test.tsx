// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useRef } from 'react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import { ApiError, type Inbox } from '../../../inbox-client';
import { nothingYet } from '../../../inbox-client/store/state';
import { conversation } from '../../../inbox-client/testing/samples';
import { language } from '../../i18n';
import { Composer, type ComposerHandle } from './Composer';
import { useDrop } from './drop';
import { Tray } from './Tray';

afterEach(() => {
  cleanup();
  language.set('pt-BR');
});

const on = { id: 'site', name: 'Site', channel: 'live_chat' } as const;

/** Somebody who writes in a conversation; what becomes of files is what the test says. */
function page(upload: () => Promise<{ id: string }>) {
  const notes: string[] = [];
  const state = { ...nothingYet, drafts: new Map([['note:c', 'Ligar amanhã']]) };
  const inbox = {
    api: { GET: () => new Promise(() => {}) },
    getSnapshot: () => state,
    subscribe: () => () => {},
    upload,
    note: (_: string, words: string) => notes.push(words),
    draft: () => {},
    type: () => {},
  } as unknown as Inbox;
  function Thread({ id }: { id: string }) {
    const composer = useRef<ComposerHandle>(null);
    const drop = useDrop((files) => composer.current?.take(files));
    return (
      <section {...drop.on}>
        <p>Olá!</p>
        <Composer
          ref={composer}
          key={id}
          conversation={conversation(id, { inbox: on })}
          quoted={null}
          onQuote={() => {}}
          isOver={drop.isOver}
          onSent={() => {}}
        />
      </section>
    );
  }
  const open = (id: string) => (
    <InboxContext value={inbox}>
      <Thread id={id} />
    </InboxContext>
  );
  const { container, rerender } = render(open('c'));
  return {
    notes,
    goesTo: (id: string) => rerender(open(id)),
    chooses: (name: string) => {
      const files = container.querySelector('input[type=file]') as Element;
      fireEvent.change(files, { target: { files: [new File(['…'], name)] } });
    },
    /** Drops a file on what was said; returns whether the browser does nothing of its own with it. */
    drops: (name: string) => {
      const dataTransfer = { types: ['Files'], files: [new File(['…'], name)] };
      const drop = new Event('drop', { bubbles: true, cancelable: true });
      fireEvent(screen.getByText('Olá!'), Object.assign(drop, { dataTransfer }));
      return drop.defaultPrevented;
    },
  };
}

test('a file that did not get there keeps no note from being saved', async () => {
  const { notes, chooses } = page(() => Promise.reject(new TypeError('the network is gone')));
  chooses('contrato.pdf');
  await screen.findByText('contrato.pdf não pôde ser enviado');

  fireEvent.click(screen.getByText('Nota interna'));
  fireEvent.click(screen.getByLabelText('Anotar'));

  expect(notes).toEqual(['Ligar amanhã']);
});

test('what is dropped anywhere in a conversation is attached, and to a note it is not', () => {
  const { drops } = page(() => new Promise(() => {}));

  expect(drops('contrato.pdf')).toBe(true);
  fireEvent.click(screen.getByText('Nota interna'));
  expect(drops('foto.png')).toBe(true);
  fireEvent.click(screen.getByText('Responder'));

  expect(screen.queryByText('contrato.pdf')).not.toBeNull();
  expect(screen.queryByText('foto.png')).toBeNull();
});

test('files that were chosen wait in their conversation, and get there meanwhile', async () => {
  let come = (_: { id: string }) => {};
  const held = new Promise<{ id: string }>((resolve) => {
    come = resolve;
  });
  const { chooses, goesTo } = page(() => held);

  chooses('contrato.pdf');
  goesTo('d');
  expect(screen.queryByText('contrato.pdf')).toBeNull();
  await act(async () => come({ id: 'm' }));
  goesTo('c');

  expect(screen.queryByText('contrato.pdf')).not.toBeNull();
  expect(screen.getByLabelText<HTMLButtonElement>('Enviar').disabled).toBe(false);
});

test('a file that the server refuses says why in the language of the page', () => {
  const file = new File(['…'], 'filme.mov');
  const problem = new ApiError(415, 'unsupported_file', 'files of the type video/quicktime…');
  const attachment = { key: 1, file, preview: null, part: 1, mediaId: null, hasFailed: true };
  render(
    <Tray attachments={[{ ...attachment, problem }]} onRemove={() => {}} onRetry={() => {}} />,
  );

  expect(screen.getByRole('alert').textContent).toBe(
    'filme.mov não pôde ser enviado. Arquivos deste tipo não podem ser enviados.',
  );
});

test('the size of a file is written as the language writes figures', () => {
  const file = new File([new Uint8Array(1_540_000)], 'contrato.pdf');
  const attachment = { key: 1, file, preview: null, part: 1, mediaId: 'm', hasFailed: false };
  const tray = () =>
    render(<Tray attachments={[attachment]} onRemove={() => {}} onRetry={() => {}} />).container;

  expect(tray().querySelector('small')?.textContent).toBe('1,5 MB');
  act(() => language.set('en'));
  expect(tray().querySelector('small')?.textContent).toBe('1.5 MB');
});
