import { afterEach, expect, test, vi } from 'vitest';
import { FakeSession } from './testing/fakes';
import { upload } from './upload';

afterEach(() => {
  vi.unstubAllGlobals();
});

const file = new File(['…'], 'contrato.pdf');

/** A server that takes files by the token `next` alone; returns by which it was asked. */
function server(): string[] {
  const asked: string[] = [];
  vi.stubGlobal(
    'XMLHttpRequest',
    class {
      status = 0;
      response: unknown = null;
      upload = {};
      onload = () => {};
      onloadend = () => {};
      open() {}
      setRequestHeader(_: string, bearer: string) {
        asked.push(bearer);
      }
      send() {
        const isLetIn = asked.at(-1) === 'Bearer next';
        this.status = isLetIn ? 201 : 401;
        this.response = isLetIn ? { id: 'm' } : { code: 'token_expired' };
        queueMicrotask(() => {
          this.onload();
          this.onloadend();
        });
      }
    },
  );
  return asked;
}

test('a file whose token has expired is handed over by the next', async () => {
  const asked = server();

  const { id } = await upload('http://server/api/media', new FakeSession(), file);

  expect(id).toBe('m');
  expect(asked).toEqual(['Bearer first', 'Bearer next']);
});

test.each([
  ['refused', { status: 401, code: 'token_expired' }],
  ['unreachable', { name: 'TypeError' }],
] as const)('where that is %s it is not, and may be later', async (fate, problem) => {
  const asked = server();
  const session = new FakeSession();
  session.fate = fate;

  await expect(upload('http://server/api/media', session, file)).rejects.toMatchObject(problem);

  expect(asked).toEqual(['Bearer first']);
});
