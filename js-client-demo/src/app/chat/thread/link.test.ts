// @vitest-environment happy-dom
import { cleanup, renderHook } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { useLink } from './link';

afterEach(cleanup);

/** A thread that is opened by a link, and the messages that it has gone to. */
function thread(link: string) {
  const shown: string[] = [];
  const initialProps = { messageId: link as string | null, hasLoaded: false };
  const { rerender } = renderHook(
    // A thread goes there in another way with every message that comes.
    ({ messageId, hasLoaded }) => useLink(messageId, hasLoaded, (id) => shown.push(id)),
    { initialProps },
  );
  return {
    shown,
    becomes: (messageId: string | null, hasLoaded = true) => rerender({ messageId, hasLoaded }),
  };
}

test('a link to a message does not lead back to it each time that older ones have been read', () => {
  const { shown, becomes } = thread('m1');
  expect(shown).toEqual([]);
  becomes('m1');

  for (let pages = 0; pages < 3; pages += 1) {
    becomes('m1', false);
    becomes('m1');
  }

  expect(shown).toEqual(['m1']);
});

test('the next link is followed too, and the same one by who comes back to it', () => {
  const { shown, becomes } = thread('m1');
  becomes('m1');

  becomes('m2');
  becomes(null);
  becomes('m2');

  expect(shown).toEqual(['m1', 'm2', 'm2']);
});
