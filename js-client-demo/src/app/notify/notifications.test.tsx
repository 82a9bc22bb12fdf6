// @vitest-environment happy-dom
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox, Message, ServerEvent } from '../../inbox-client';
import { nothingYet } from '../../inbox-client/store/state';
import { event, message } from '../../inbox-client/testing/samples';
import { useNotifications } from './useNotifications';

beforeEach(() => localStorage.clear());

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** A page with so much unread; it counts how often its bell rings, which has two tones. */
function page(unread = 0) {
  let tones = 0;
  class Sound {
    gain = gain();
    connect = (to: unknown) => to;
    start = () => {
      tones += 1;
    };
    stop = () => {};
  }
  class Sounds {
    state = 'running';
    currentTime = 0;
    resume = async () => {};
    createGain = () => new Sound();
  }
  vi.stubGlobal('AudioContext', Sounds);
  vi.stubGlobal('GainNode', Sound);
  vi.stubGlobal('OscillatorNode', Sound);
  let hear = (_: readonly ServerEvent[]) => {};
  const stage = { id: 'new', name: 'Novo', color: '#0a72c4', total: unread, unread };
  const state = { ...nothingYet, stages: [stage] };
  const inbox = {
    getSnapshot: () => state,
    subscribe: () => () => {},
    listen: (listener: typeof hear) => {
      hear = listener;
      return () => {};
    },
  } as unknown as Inbox;
  const wrapper = ({ children }: { children: ReactNode }) => (
    <InboxContext value={inbox}>{children}</InboxContext>
  );
  const { unmount } = renderHook(useNotifications, { wrapper });
  dispatchEvent(new Event('pointerdown'));
  return {
    hears: (said: Message) =>
      act(async () => hear([event(11, 'message:new', { conversationId: 'c', message: said })])),
    rung: () => tones / 2,
    leaves: unmount,
  };
}

function gain() {
  const ramp = () => {};
  return {
    value: 0,
    setValueAtTime: ramp,
    linearRampToValueAtTime: ramp,
    exponentialRampToValueAtTime: ramp,
  };
}

test.each<[string, Partial<Message>]>([
  ['a blocked contact writes', { contact: { ...message('m').contact, isBlocked: true } }],
  ['was said long ago and is brought in now', { metadata: { kind: 'text', imported: true } }],
  ['the channel notes', { metadata: { kind: 'system' } }],
  ['a visitor rates', { metadata: { kind: 'rating' } }],
])('what %s alerts nobody, unlike what is said', async (_, quiet) => {
  const here = page();

  await here.hears(message('said'));
  expect(here.rung()).toBe(1);
  await here.hears(message('quiet', quiet));

  expect(here.rung()).toBe(1);
});

test('who signs out leaves nothing of what was unread in the title, the icon and the badge', () => {
  document.head.innerHTML = '<link rel="icon" href="/favicon.svg" />';
  const badges: number[] = [];
  Object.assign(navigator, { setAppBadge: async (count: number) => badges.push(count) });
  const icon = () => document.querySelector('link')?.getAttribute('href');
  const here = page(3);
  expect([document.title, icon(), badges.at(-1)]).toEqual(['(3) Recado', '/favicon-unread.svg', 3]);

  here.leaves();

  expect([document.title, icon(), badges.at(-1)]).toEqual(['Recado', '/favicon.svg', 0]);
});
