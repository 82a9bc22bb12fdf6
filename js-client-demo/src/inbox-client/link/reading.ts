import { ApiError, refusal } from '../problem';
import type { ServerEvent } from '../types';

/** Asks the server, as whoever has signed in. */
export type Ask = (path: string, init: RequestInit) => Promise<Response>;

/** The server no longer has what came after the number asked for. */
export class Forgotten extends Error {}

/** Answer of `GET /api/events`. */
type Page = {
  events: { seq: number; event: string; data: object }[];
  seq: number;
  hasMore: boolean;
};

/** A page of the log after event `after`, as `GET /api/events` has it. */
export async function readPage(
  ask: Ask,
  after: number,
  signal: AbortSignal,
): Promise<{ events: ServerEvent[]; seq: number; hasMore: boolean }> {
  const response = await ask(`/api/events?after=${after}&limit=500`, { signal });
  if (!response.ok) throw await asProblem(response);
  const { events, seq, hasMore }: Page = await response.json();
  return { events: events.map(({ event, data }) => named(event, data)), seq, hasMore };
}

/**
 * The log after event `after` as a stream, until it ends: `onOpen` once the first bytes are here, so
 * that a proxy which gathers what it passes on is not mistaken for a stream.
 */
export async function readStream(
  ask: Ask,
  after: number,
  signal: AbortSignal,
  ears: { onOpen: () => void; onBytes: () => void; onEvent: (event: ServerEvent) => void },
): Promise<'ended' | 'expired'> {
  const headers = { Accept: 'text/event-stream' };
  const response = await ask(`/api/events/stream?after=${after}`, { signal, headers });
  if (!response.ok || !response.body) throw await asProblem(response);
  const reader = response.body.pipeThrough(new TextDecoderStream(), { signal }).getReader();
  let isOpen = false;
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return 'ended';
    if (!isOpen) ears.onOpen();
    isOpen = true;
    ears.onBytes();
    const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    for (const { event, data } of blocks.map(fields)) {
      if (event === 'auth:expired') return 'expired';
      if (event === 'resync_required') throw new Forgotten();
      if (event && data) ears.onEvent(named(event, JSON.parse(data)));
    }
  }
}

/** The fields of a block of a stream: <https://html.spec.whatwg.org/multipage/server-sent-events.html>. */
function fields(block: string): { event?: string; data?: string } {
  const lines = block.split('\n');
  const of = (field: string) =>
    lines
      .filter((line) => line.startsWith(`${field}:`))
      .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
  const [event] = of('event');
  const data = of('data');
  return { ...(event && { event }), ...(data.length > 0 && { data: data.join('\n') }) };
}

function named(name: string, data: object): ServerEvent {
  return { name, ...data } as ServerEvent;
}

async function asProblem(response: Response): Promise<Error> {
  const problem = await refusal(response);
  return problem instanceof ApiError && problem.status === 410 ? new Forgotten() : problem;
}
