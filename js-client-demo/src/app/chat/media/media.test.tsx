// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Entry, Inbox } from '../../../inbox-client';
import { message } from '../../../inbox-client/testing/samples';
import { toasts } from '../../ui/toasts';
import { FileCard } from './FileCard';
import { Film } from './Film';
import { LightboxDialog } from './lightbox';
import { Picture } from './Picture';
import { Sound } from './Sound';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  cleanup();
  toasts.set([]);
  vi.useRealTimers();
});

/** A page with something on it; each link to a file is another, and good for five minutes. */
function shows(what: ReactNode, { isAway = false } = {}) {
  let asked = 0;
  const GET = async () => {
    asked += 1;
    if (isAway) throw new TypeError('no network');
    const expiresAt = new Date(Date.now() + 5 * 60_000).toISOString();
    return { data: { url: `/media/${asked}`, expiresAt }, response: new Response() };
  };
  const inbox = { api: { GET } } as unknown as Inbox;
  const page = (now: ReactNode) => <InboxContext value={inbox}>{now}</InboxContext>;
  const { container, rerender } = render(page(what));
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  return {
    asked: () => asked,
    becomes: (next: ReactNode) => rerender(page(next)),
    settle,
    shown: <Shown extends HTMLElement>(selector: string) =>
      container.querySelector<Shown>(selector),
    fails: async (selector: string) => {
      const shown = container.querySelector(selector);
      if (shown) fireEvent.error(shown);
      await settle();
    },
  };
}

/** A picture, as large as the window lets it be. */
function large(...entries: Entry[]) {
  return (
    <LightboxDialog
      key="large"
      entries={entries}
      shownId={entries[0]?.id ?? 'gone'}
      onShow={() => {}}
    />
  );
}

function file(type: Entry['type'], id: string): Entry {
  return message(id, { type, content: '', metadata: { media: { id, state: 'stored' } } });
}

test.each([
  ['img', <Picture key="lost" entry={file('IMAGE', 'lost-picture')} />],
  ['dialog > img', large(file('IMAGE', 'lost-large'))],
  ['video', <Film key="lost" entry={file('VIDEO', 'lost-film')} />],
  ['audio', <Sound key="lost" entry={file('AUDIO', 'lost-sound')} />],
])(
  'a file that does not come (%s) is asked for twice, and again when somebody asks',
  async (selector, what) => {
    const it = shows(what);
    await it.settle();

    for (let n = 0; n < 5; n += 1) await it.fails(selector);

    expect(it.asked()).toBe(2);
    expect(it.shown(selector)).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Tentar de novo' }));
    await it.settle();
    expect(it.shown(selector)?.getAttribute('src')).toBe('/media/3');
  },
);

test.each([
  ['video', <Film key="ended" entry={file('VIDEO', 'long-film')} />],
  ['audio', <Sound key="ended" entry={file('AUDIO', 'long-sound')} />],
])(
  'what is played (%s) goes on where it was when its link has ended, each time',
  async (selector, what) => {
    const it = shows(what);
    await it.settle();

    for (const at of [42, 77]) {
      const before = it.shown<HTMLMediaElement>(selector);
      await act(async () => before?.play());
      if (before) before.currentTime = at;
      vi.advanceTimersByTime(6 * 60_000);
      await it.fails(selector);

      const after = it.shown<HTMLMediaElement>(selector);
      expect(after).not.toBe(before);
      if (after) fireEvent.loadedMetadata(after);
      expect(after?.currentTime).toBe(at);
      expect(after?.paused).toBe(false);
    }
    expect(it.shown(selector)?.getAttribute('src')).toBe('/media/3');
  },
);

test('a picture whose message goes for a moment is shown large again once it is back', async () => {
  const it = shows(large(file('IMAGE', 'there-again')));
  await it.settle();

  it.becomes(large());
  expect(it.shown('dialog')).toBeNull();
  it.becomes(large(file('IMAGE', 'there-again')));
  await it.settle();

  expect(it.shown('dialog')?.hasAttribute('open')).toBe(true);
});

test.each([
  ['its button', () => screen.getByRole('button', { name: 'Fechar' })],
  ['what is around it', () => screen.getByRole('dialog')],
])('a picture shown large is closed by %s as by Escape: the focus goes back', async (_, by) => {
  const it = shows(large(file('IMAGE', 'closed')));
  await it.settle();
  const dialog = it.shown<HTMLDialogElement>('dialog');
  expect(dialog?.open).toBe(true);

  fireEvent.click(by());

  expect(dialog?.open).toBe(false);
});

test('that a document could not be fetched is said', async () => {
  const it = shows(<FileCard entry={file('DOCUMENT', 'lost-document')} />, { isAway: true });

  fireEvent.click(screen.getByRole('button'));
  await it.settle();

  expect(toasts.get().map(({ words }) => words)).toEqual(['O arquivo não pôde ser trazido.']);
});
