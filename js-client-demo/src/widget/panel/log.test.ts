// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Chat } from './chat';
import { Log } from './log';
import { words } from './text';
import type { Line } from './types';

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const media = {
  id: 'm',
  state: 'stored',
  mimeType: 'text/plain',
  filename: 'nota.txt',
} as const;

/** A file that an agent has sent. */
const sent: Line = {
  id: 'l',
  direction: 'OUTBOUND',
  type: 'DOCUMENT',
  content: '',
  metadata: { media },
  status: 'SENT',
  timestamp: '2025-07-19T11:00:00.000Z',
  author: null,
};

test.each([
  ['pt-BR', 'nota.txt: não abriu · Tentar de novo'],
  ['en', 'nota.txt: did not open · Try again'],
] as const)(
  'a file that cannot be fetched says so, and is there once somebody tries again, %s',
  async (language, told) => {
    let isAway = true;
    const get = async () => {
      if (isAway) throw new TypeError('no network');
      return { url: '/media/1' };
    };
    const visit = { get, path: (what: string) => what };
    const said = { lines: () => [sent], waiting: () => [] };
    const chat = { visit, ...said, site: null, typist: null, readAt: null } as unknown as Chat;
    const log = new Log(chat, words[language], language);
    const { element } = log;
    document.body.replaceChildren(element);

    log.draw();
    await vi.waitFor(() => expect(element.querySelector('.again')?.textContent).toBe(told));
    isAway = false;
    element.querySelector<HTMLElement>('.again')?.click();

    await vi.waitFor(() => {
      expect(element.querySelector('.file a')?.getAttribute('href')).toBe('/media/1');
    });
    expect(element.querySelector('.again')).toBeNull();
  },
);

test.each([
  ['pt-BR', ['19 de julho de 2023', '19 de julho de 2024']],
  ['en', ['July 19, 2023', 'July 19, 2024']],
] as const)('the same day of two years has a heading for each, %s', (language, headings) => {
  const lines = [2023, 2024].map((year) => {
    const timestamp = `${year}-07-19T11:00:00.000Z`;
    return { ...sent, id: `l${year}`, content: 'Oi', metadata: {}, timestamp };
  });
  const said = { lines: () => lines, waiting: () => [] };
  const chat = { ...said, site: null, typist: null, readAt: null } as unknown as Chat;
  const log = new Log(chat, words[language], language);

  log.draw();

  const days = [...log.element.querySelectorAll('.day')];
  expect(days.map(({ textContent }) => textContent)).toEqual(headings);
});
