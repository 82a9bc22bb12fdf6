import { afterEach, expect, test, vi } from 'vitest';
import { refusal } from './problem';

const now = 'Thu, 26 Nov 2026 12:00:00 GMT';
const inAMinute = 'Thu, 26 Nov 2026 12:01:00 GMT';

afterEach(() => {
  vi.useRealTimers();
});

test('when to ask again is said in seconds, or by a moment, or not at all', async () => {
  vi.useFakeTimers({ now: Date.parse(now) });

  for (const [said, waitMs] of [
    ['7', 7_000],
    ['0', 0],
    [inAMinute, 60_000],
    ['Thu, 26 Nov 2026 11:59:00 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ] as const) {
    expect(await waitAfter({ ...(said !== null && { 'Retry-After': said }) })).toBe(waitMs);
  }
});

test('a moment is one of the clock that wrote the answer, however wrong the own clock is', async () => {
  for (const wrong of ['2001-01-01', '2051-01-01']) {
    vi.useFakeTimers({ now: Date.parse(wrong) });

    expect(await waitAfter({ 'Retry-After': inAMinute, Date: now })).toBe(60_000);
  }
});

async function waitAfter(headers: Record<string, string>): Promise<number | undefined> {
  const { status, retryAfterMs } = await refusal(new Response(null, { status: 503, headers }));
  expect(status).toBe(503);
  return retryAfterMs;
}
