import { afterEach, expect, test, vi } from 'vitest';
import { inboxOf } from './testing/inboxes';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('what another tab goes on with or has sent is not begun any more as it was in this one', () => {
  const listeners: ((event: { key: string; newValue: string | null }) => void)[] = [];
  vi.stubGlobal('addEventListener', (_: string, listener: (typeof listeners)[number]) => {
    listeners.push(listener);
  });
  const inbox = inboxOf(async () => new Response(null, { status: 404 }));
  const hears = (newValue: string | null) => {
    const key = `recado.draft.${inbox.owner}.c`;
    for (const listener of listeners) listener({ key, newValue });
  };
  inbox.start();
  inbox.draft('c', 'Bom d');

  hears('Bom dia!');
  expect(inbox.getSnapshot().drafts.get('c')).toBe('Bom dia!');
  hears(null);

  expect(inbox.getSnapshot().drafts.has('c')).toBe(false);
  inbox.stop();
});
