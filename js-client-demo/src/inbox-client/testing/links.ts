import { usualSettings } from '../settings';
import { FakeSocket, linked, tick } from './fakes';

/** A link that has begun after event 100 and whose first socket is being opened. */
export async function begun(...args: Parameters<typeof linked>) {
  const it = linked(...args);
  it.link.start();
  it.link.begin(100);
  await tick();
  return it;
}

/** One whose socket cannot be had, and will not be tried again in this test. */
export async function socketless() {
  const it = await begun();
  const never = { delaysMs: [1e9], maxRetries: null };
  it.link.configure({
    ...usualSettings,
    backoff: { profile: 'never', profiles: { never } },
  });
  FakeSocket.last.fails();
  await tick();
  return it;
}
