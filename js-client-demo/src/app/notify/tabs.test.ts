// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { once } from './tabs';

beforeEach(() => localStorage.clear());

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A tab that is told of messages, and how often its bell has rung. */
function tab() {
  const it = { rung: 0, hears: (...ids: string[]) => once('rung', ids, () => (it.rung += 1)) };
  return it;
}

test('a message rings in one tab, also where another hears of it together with the next', async () => {
  const [one, other] = [tab(), tab()];

  await one.hears('m1', 'm2');
  await other.hears('m1');
  await other.hears('m2');
  await other.hears('m3');
  await one.hears('m3');

  expect([one.rung, other.rung]).toEqual([1, 1]);
});

test('it rings whatever has rung before, at another tenant’s or before a backup was put back', async () => {
  localStorage.setItem('recado.rung', '98765');
  const here = tab();

  await here.hears('m1');

  expect(here.rung).toBe(1);
});

test('where the device has no room it rings all the same', async () => {
  const setItem = () => {
    throw new DOMException('', 'QuotaExceededError');
  };
  vi.stubGlobal('localStorage', { getItem: () => null, setItem });
  const here = tab();

  await here.hears('m1');

  expect(here.rung).toBe(1);
});

test('what is remembered does not grow for ever', async () => {
  const here = tab();

  for (let n = 0; n < 1_000; n += 1) await here.hears(`m${n}`);
  await here.hears('m999');

  expect(here.rung).toBe(1_000);
  expect(localStorage.getItem('recado.rung')?.split(' ')).toHaveLength(200);
});
