import { Inbox } from '../inbox';
import type { MakeSocket } from '../link/socket';
import type { Outside } from '../outside';
import type { Session } from '../session';
import { memoryStorage } from '../storage';
import { FakeBrowser, FakeSession, FakeSocket } from './fakes';

/** An inbox whose server is the test: it answers by `fetch`, and speaks by `FakeSocket.last`. */
export function inboxOf(
  fetch: (request: Request) => Promise<Response>,
  { session = new FakeSession(), ...differently }: Outside & { session?: Session } = {},
): Inbox {
  FakeSocket.all = [];
  return new Inbox(session, {
    baseUrl: 'http://server',
    fetch: fetch as typeof globalThis.fetch,
    makeSocket: ((_: string, options: unknown) => new FakeSocket(options)) as unknown as MakeSocket,
    browser: new FakeBrowser(),
    storage: memoryStorage(),
    log: () => {},
    ...differently,
  });
}
