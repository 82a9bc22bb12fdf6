// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tick } from '../../../inbox-client/testing/fakes';
import type { Chat } from '../chat';
import { shown } from './files';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A file in a chat, as it is shown, and a server that gives it another address each time. */
async function file(mimeType: string) {
  const it = { addresses: 0, isAway: false };
  const get = async () => {
    if (it.isAway) throw new TypeError('the server is away');
    it.addresses += 1;
    return { url: `https://inbox.example/media/${it.addresses}` };
  };
  const chat = { visit: { get, path: (what: string) => what } } as unknown as Chat;
  const media = { id: 'm', state: 'stored', mimeType, size: 1_000 } as const;
  const player = (await shown(chat, media, 'pt-BR')) as HTMLMediaElement;
  const play = vi.fn(async () => {});
  const load = vi.fn();
  Object.assign(player, { play, load });
  /** Somebody plays it, and its address is not good any more. */
  const fails = async () => {
    Object.defineProperty(player, 'paused', { value: false, configurable: true });
    player.dispatchEvent(new Event('error'));
    await tick();
  };
  return Object.assign(it, { player, play, load, fails });
}

test.each(['audio/ogg', 'video/mp4'])('%s is played whose address has expired', async (type) => {
  const it = await file(type);
  await tick(5 * 60_000);
  it.player.currentTime = 7;

  await it.fails();

  expect(it.player.src).toBe('https://inbox.example/media/2');
  expect(it.player.currentTime).toBe(7);
  expect(it.play).toHaveBeenCalledOnce();
});

test('what cannot be played is not asked for again and again', async () => {
  const it = await file('audio/ogg');
  await it.fails();
  expect(it.addresses).toBe(1);

  await tick(5 * 60_000);
  await it.fails();
  await it.fails();

  expect(it.addresses).toBe(2);
});

test('where the server is away it can be played later', async () => {
  const it = await file('video/mp4');
  await tick(5 * 60_000);
  it.isAway = true;
  await it.fails();
  expect(it.load).toHaveBeenCalledOnce();
  expect(it.player.preload).toBe('none');

  it.isAway = false;
  await it.fails();

  expect(it.play).toHaveBeenCalledOnce();
});
