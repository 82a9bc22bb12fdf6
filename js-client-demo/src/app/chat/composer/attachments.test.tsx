// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Inbox } from '../../../inbox-client';
import { nothingYet } from '../../../inbox-client/store/state';
import { conversation } from '../../../inbox-client/testing/samples';
import { language } from '../../i18n';
import { Composer } from './Composer';
import { Tray } from './Tray';

afterEach(() => {
  cleanup();
  language.set('pt-BR');
});

test('a file that did not get there keeps no note from being saved', async () => {
  const notes: string[] = [];
  const state = { ...nothingYet, drafts: new Map([['note:c', 'Ligar amanhã']]) };
  const inbox = {
    api: { GET: () => new Promise(() => {}) },
    getSnapshot: () => state,
    subscribe: () => () => {},
    upload: () => Promise.reject(new TypeError('the network is gone')),
    note: (_: string, words: string) => notes.push(words),
    draft: () => {},
    type: () => {},
  } as unknown as Inbox;
  const on = { id: 'site', name: 'Site', channel: 'live_chat' } as const;
  const { container } = render(
    <InboxContext value={inbox}>
      <Composer
        ref={null}
        conversation={conversation('c', { inbox: on })}
        quoted={null}
        onQuote={() => {}}
        onSent={() => {}}
      />
    </InboxContext>,
  );
  const files = container.querySelector('input[type=file]') as Element;
  fireEvent.change(files, { target: { files: [new File(['…'], 'contrato.pdf')] } });
  await screen.findByText('contrato.pdf não pôde ser enviado');

  fireEvent.click(screen.getByText('Nota interna'));
  fireEvent.click(screen.getByLabelText('Anotar'));

  expect(notes).toEqual(['Ligar amanhã']);
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
