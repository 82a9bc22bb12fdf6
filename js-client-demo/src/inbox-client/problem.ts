/** A refusal by the server; `code` is the problem's machine-readable name, when it gave one. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  /** After how many milliseconds the server wants to be asked again, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code?: string, detail?: string, retryAfterMs?: number) {
    super(detail ?? `the server answered ${status}${code ? ` (${code})` : ''}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether it is the server that does not let us in; a proxy on the way knows no codes. */
  get isRefusal(): boolean {
    return (this.status === 401 || this.status === 403) && this.code !== undefined;
  }

  /** Whether the same request may succeed later: the server is busy, away, or at work on it. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 429 || this.code === 'request_in_progress';
  }
}

/** What a response that is not ok says. */
export async function refusal(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => null);
  const word = (key: 'code' | 'detail') => {
    const said = (problem as Record<string, unknown> | null)?.[key];
    return typeof said === 'string' ? said : undefined;
  };
  return new ApiError(response.status, word('code'), word('detail'), waitOf(response));
}

/**
 * After how many milliseconds a response wants to be asked for again, if it says so: in seconds, or, as
 * proxies do, by a moment, which is one of the clock that wrote the response.
 */
export function waitOf({ headers }: Response): number | undefined {
  const said = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d+$/.test(said)) return Number(said) * 1_000;
  const wait = Date.parse(said) - (Date.parse(headers.get('Date') ?? '') || Date.now());
  return wait > 0 ? wait : undefined;
}
