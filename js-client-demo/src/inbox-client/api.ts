import type { Board, MessagePage, Session } from './wire';

/** A refusal by the server; `code` is the problem's machine-readable name, when it gave one. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, code: string | undefined) {
    super(`the server answered ${status}${code ? ` (${code})` : ''}`);
    this.status = status;
    this.code = code;
  }
}

/** Trades an e-mail address and a password for a session. */
export function signIn(email: string, password: string): Promise<Session> {
  return request<Session>('/api/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
}

/** Trades a refresh token, once, for the next session. */
export function renewSession(refreshToken: string): Promise<Session> {
  return request<Session>('/api/sessions/refresh', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
}

/** Signs out: the session's tokens are refused from now on. */
export async function endSession(token: string): Promise<void> {
  await fetch('/api/sessions', { ...authorised(token), method: 'DELETE', keepalive: true });
}

/** The board as it is now, with the `seq` from which to follow it. */
export function fetchBoard(token: string): Promise<Board> {
  return request<Board>('/api/board', authorised(token));
}

/** The newest messages of a conversation, or those before `before`. */
export function fetchMessages(
  token: string,
  conversationId: string,
  before: string | undefined,
): Promise<MessagePage> {
  const query = new URLSearchParams({ limit: '50', ...(before && { before }) });
  const path = `/api/conversations/${encodeURIComponent(conversationId)}/messages?${query}`;
  return request<MessagePage>(path, authorised(token));
}

function authorised(token: string): RequestInit {
  return { headers: { Authorization: `Bearer ${token}` } };
}

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(15_000) });
  if (!response.ok) {
    throw new ApiError(response.status, problemCode(await response.json().catch(() => null)));
  }
  return response.json();
}

function problemCode(problem: unknown): string | undefined {
  const isProblem = typeof problem === 'object' && problem !== null && 'code' in problem;
  return isProblem && typeof problem.code === 'string' ? problem.code : undefined;
}
