import { afterEach, expect, test, vi } from 'vitest';
import { openSession } from './session';
import { memoryStorage } from './storage';

afterEach(() => {
  vi.unstubAllGlobals();
});

const user = { id: 'ada', name: 'Ada', role: 'agent' };

/** A server that hands out tokens, each refresh token once. */
function server() {
  const it = {
    issued: 0,
    refreshes: [] as string[],
    isRefusing: false,
    isAway: false,
    lifetimeMs: 3_600_000,
    fetch: (async (url: string, init: RequestInit) => {
      if (it.isAway) throw new TypeError('no network');
      if (init.method === 'DELETE') return new Response(null, { status: 204 });
      if (url.endsWith('/refresh')) it.refreshes.push(JSON.parse(String(init.body)).refreshToken);
      if (it.isRefusing) {
        return new Response(JSON.stringify({ code: 'refresh_token_invalid' }), { status: 401 });
      }
      it.issued += 1;
      const expiresAt = new Date(Date.now() + it.lifetimeMs).toISOString();
      const answer = {
        token: `token ${it.issued}`,
        refreshToken: `refresh ${it.issued}`,
        expiresAt,
        refreshExpiresAt: expiresAt,
        user,
        tenant: { id: 'acme', name: 'Acme' },
      };
      return new Response(JSON.stringify(answer));
    }) as typeof fetch,
  };
  return it;
}

test('whoever signs in is signed in over reloads, under the key where other frontends look', async () => {
  const { fetch } = server();
  const storage = memoryStorage();
  await openSession({ storage, fetch }).signIn('ada@acme.test', 'word');

  const reloaded = openSession({ storage, fetch });

  expect(reloaded.getSnapshot()).toMatchObject({
    by: 'agent',
    token: 'token 1',
    profile: { user },
  });
  expect(storage.getItem('token')).toBe('token 1');
});

test('a token near its end is exchanged before it is used, and its refresh token used once', async () => {
  const acme = server();
  acme.lifetimeMs = 30_000;
  const session = openSession({ storage: memoryStorage(), fetch: acme.fetch });
  await session.signIn('ada@acme.test', 'word');
  acme.lifetimeMs = 3_600_000;

  expect(await session.token()).toBe('token 2');
  expect(await session.token()).toBe('token 2');

  expect(acme.refreshes).toEqual(['refresh 1']);
});

test('of two tabs that renew at once, one asks and the other takes what it got', async () => {
  let last: Promise<unknown> = Promise.resolve();
  const request = (_: string, work: () => Promise<unknown>) => {
    last = last.then(work, work);
    return last;
  };
  vi.stubGlobal('navigator', { locks: { request } });
  const acme = server();
  const storage = memoryStorage();
  const one = openSession({ storage, fetch: acme.fetch });
  await one.signIn('ada@acme.test', 'word');
  const other = openSession({ storage, fetch: acme.fetch });

  const renewals = await Promise.all([one.renew('token 1'), other.renew('token 1')]);

  expect(renewals).toEqual(['renewed', 'renewed']);
  expect(acme.refreshes).toEqual(['refresh 1']);
  expect([await one.token(), await other.token()]).toEqual(['token 2', 'token 2']);
});

test('a session that the server has ended is over here too; drafts stay', async () => {
  const acme = server();
  const storage = memoryStorage();
  const session = openSession({ storage, fetch: acme.fetch });
  await session.signIn('ada@acme.test', 'word');
  storage.setItem('recado.draft.acme.ada.c', 'Bom d');
  acme.isRefusing = true;

  expect(await session.renew('token 1')).toBe('refused');

  expect(session.getSnapshot()).toEqual({ by: 'expired' });
  expect(openSession({ storage, fetch: acme.fetch }).getSnapshot()).toEqual({ by: 'expired' });
  expect(storage.getItem('recado.draft.acme.ada.c')).toBe('Bom d');
});

test.each(['answered', 'refused'])(
  'who signs out while a token is exchanged stays signed out, also where that is %s',
  async (fate) => {
    const acme = server();
    let comes = () => {};
    const held = new Promise<void>((resolve) => {
      comes = resolve;
    });
    const fetch = (async (url: string, init: RequestInit) => {
      const response = await acme.fetch(url, init);
      if (url.endsWith('/refresh')) await held;
      return response;
    }) as typeof globalThis.fetch;
    const session = openSession({ storage: memoryStorage(), fetch });
    await session.signIn('ada@acme.test', 'word');
    acme.isRefusing = fate === 'refused';

    const renewal = session.renew('token 1');
    await vi.waitFor(() => expect(acme.refreshes).toEqual(['refresh 1']));
    await session.signOut();
    comes();

    expect(await renewal).toBe('refused');
    expect(session.getSnapshot()).toEqual({ by: 'stranger' });
  },
);

test('a token that another frontend has put in place of ours is theirs, and stays it', async () => {
  const acme = server();
  acme.lifetimeMs = 30_000;
  const storage = memoryStorage();
  await openSession({ storage, fetch: acme.fetch }).signIn('ada@acme.test', 'word');

  storage.setItem('token', 'theirs');
  const session = openSession({ storage, fetch: acme.fetch });

  expect(session.getSnapshot()).toEqual({ by: 'agent', token: 'theirs', profile: null });
  expect(await session.token()).toBe('theirs');
  expect(acme.refreshes).toEqual([]);
  expect(storage.getItem('token')).toBe('theirs');
});

test('nor does it give way to one that we are being given meanwhile', async () => {
  const acme = server();
  const storage = memoryStorage();
  const fetch = (async (url: string, init: RequestInit) => {
    if (url.endsWith('/refresh')) storage.setItem('token', 'theirs');
    return acme.fetch(url, init);
  }) as typeof globalThis.fetch;
  const session = openSession({ storage, fetch });
  await session.signIn('ada@acme.test', 'word');

  await session.renew('token 1');

  expect(await session.token()).toBe('theirs');
  expect(storage.getItem('token')).toBe('theirs');
});

test('a tab hears of a token that another one got when all of it is there', async () => {
  let hear = (_: { key: string }) => {};
  vi.stubGlobal('addEventListener', (_: string, listener: typeof hear) => {
    hear = listener;
  });
  const { fetch } = server();
  const storage = memoryStorage();
  const session = openSession({ storage, fetch });
  await session.signIn('ada@acme.test', 'word');
  const changes = (key: string, value: string) => {
    storage.setItem(key, value);
    hear({ key });
    return session.getSnapshot();
  };
  const next = { token: 'token 2', user, tenant: { id: 'acme', name: 'Acme' } };

  expect(changes('recado.session', JSON.stringify(next))).toMatchObject({ profile: { user } });

  expect(changes('token', 'token 2')).toMatchObject({ token: 'token 2', profile: { user } });
});

test('a server that cannot be reached ends no session', async () => {
  const acme = server();
  const session = openSession({ storage: memoryStorage(), fetch: acme.fetch });
  await session.signIn('ada@acme.test', 'word');
  acme.isAway = true;

  expect(await session.renew('token 1')).toBe('unreachable');

  expect(session.getSnapshot()).toMatchObject({ by: 'agent', token: 'token 1' });
});

test('nor does a proxy on the way that lets nobody through', async () => {
  const acme = server();
  const fetch = (async (url: string, init: RequestInit) => {
    if (url.endsWith('/refresh')) return new Response('<h1>Forbidden</h1>', { status: 403 });
    return acme.fetch(url, init);
  }) as typeof globalThis.fetch;
  const session = openSession({ storage: memoryStorage(), fetch });
  await session.signIn('ada@acme.test', 'word');

  expect(await session.renew('token 1')).toBe('unreachable');

  expect(session.getSnapshot()).toMatchObject({ by: 'agent', token: 'token 1' });
});

test('who signs out is a stranger, even if the server cannot be told', async () => {
  const acme = server();
  const session = openSession({ storage: memoryStorage(), fetch: acme.fetch });
  await session.signIn('ada@acme.test', 'word');
  acme.isAway = true;

  await session.signOut();

  expect(session.getSnapshot()).toEqual({ by: 'stranger' });
});
