import { expect, test } from 'vitest';
import { inboxOf } from '../../../inbox-client/testing/inboxes';
import { message } from '../../../inbox-client/testing/samples';
import { searchBack } from './search-back';

const history = Array.from({ length: 120 }, (_, n) =>
  message(`m${n}`, { timestamp: new Date(1.7e12 + n * 60_000).toISOString() }),
);

/** An open conversation, of which pages come as soon as the test lets them. */
function thread() {
  let comes = () => {};
  const mayCome = new Promise<void>((go) => {
    comes = go;
  });
  const inbox = inboxOf(async ({ url }) => {
    const before = new URL(url).searchParams.get('before');
    const to = before ? history.findIndex(({ id }) => id === before) : history.length;
    const from = Math.max(0, to - 50);
    await mayCome;
    return Response.json({ messages: history.slice(from, to), hasMore: from > 0 });
  });
  const close = inbox.open('c');
  return { inbox, close, comes };
}

test('what is quoted is found, also while messages are on their way', async () => {
  const { inbox, close, comes } = thread();

  const found = searchBack(inbox, 'c', 'wamid.m3');
  comes();

  expect(await found).toBe('m3');
  close();
});

test('what is in no older message either is not found', async () => {
  const { inbox, close, comes } = thread();
  comes();

  expect(await searchBack(inbox, 'c', 'wamid.gone')).toBeNull();
  close();
});
