import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './generated/api';
import { ApiError, waitOf } from './problem';
import type { Session } from './session';

/** The server's REST API, as its own description has it. */
export type Api = Client<paths>;

/** How long an answer may take, in milliseconds. */
const patienceMs = 15_000;

/**
 * The REST API for whoever has signed in. A token that the server refuses is exchanged once, and the
 * request made again.
 */
export function openApi(
  session: Session,
  outside: { baseUrl?: string; fetch?: typeof fetch } = {},
): Api {
  const { baseUrl = '', fetch = globalThis.fetch } = outside;
  return createClient<paths>({ baseUrl, fetch: (request) => authorised(session, fetch, request) });
}

/**
 * A request by whoever has signed in, with their token, also once it has been exchanged.
 *
 * Throws a `TypeError` where that cannot be reached, be it only for exchanging the token.
 */
export async function authorised(
  session: Session,
  fetch: typeof globalThis.fetch,
  request: Request,
): Promise<Response> {
  const again = request.clone();
  const token = await session.token();
  const response = await within(patienceMs, fetch, signed(request, token));
  if (response.status !== 401 || !token) return response;
  const renewal = await session.renew(token);
  // Nobody has been refused yet: whoever asks again later may be let in.
  if (renewal === 'unreachable') throw new TypeError('there is no other token to be had now');
  return renewal === 'renewed'
    ? within(patienceMs, fetch, signed(again, await session.token()))
    : response;
}

/**
 * What a call of the API answered.
 *
 * Throws an `ApiError` when the server refuses, a `TypeError` when it cannot be reached.
 */
export async function answer<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  const problem = (error ?? {}) as { code?: string; detail?: string };
  throw new ApiError(response.status, problem.code, problem.detail, waitOf(response));
}

function signed(request: Request, token: string | null): Request {
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

async function within(
  ms: number,
  fetch: typeof globalThis.fetch,
  request: Request,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new TypeError('the server does not answer')), ms);
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, late.signal]) });
  } finally {
    clearTimeout(timer);
  }
}
