// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Entry, Inbox } from '../../../inbox-client';
import { message } from '../../../inbox-client/testing/samples';
import { Film } from './Film';
import { Picture } from './Picture';
import { Sound } from './Sound';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** A page with something on it; each link to a file is another, and good for five minutes. */
function shows(what: ReactNode) {
  let asked = 0;
  const GET = async () => {
    asked += 1;
    const expiresAt = new Date(Date.now() + 5 * 60_000).toISOString();
    return { data: { url: `/media/${asked}`, expiresAt }, response: new Response() };
  };
  const inbox = { api: { GET } } as unknown as Inbox;
  const { container } = render(<InboxContext value={inbox}>{what}</InboxContext>);
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  return {
    asked: () => asked,
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

function file(type: Entry['type'], id: string): Entry {
  return message(id, { type, content: '', metadata: { media: { id, state: 'stored' } } });
}

test.each([
  ['img', <Picture key="lost" entry={file('IMAGE', 'lost-picture')} />],
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
