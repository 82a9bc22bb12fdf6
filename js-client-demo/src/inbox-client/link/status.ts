import type { Connection } from '../types';

/** How it stands with each way to the server. */
export type Ways = {
  /** Why the server does not let us in. */
  refused: string | null;
  isOnline: boolean;
  /** What carries the open socket; `null` while there is none. */
  socket: 'websocket' | 'long-polling' | null;
  /** What the fallback brings events by; `null` while it brings none. */
  fallback: 'sse' | 'poll' | null;
  /** How many tries in a row have failed, of the socket and of the fallback. */
  socketFailures: number;
  fallbackFailures: number;
  hasGivenUp: boolean;
};

/** After so many failures in a row, with nothing working, the matter is serious. */
const seriousFailures = 5;

/** What is shown of it: `connected` is a websocket, anything else that works is `polling`. */
export function statusOf(ways: Ways): Pick<Connection, 'status' | 'transport'> {
  const { socket, fallback, socketFailures, fallbackFailures } = ways;
  if (ways.refused) return { status: 'error', transport: null };
  if (!ways.isOnline) return { status: 'disconnected', transport: null };
  if (socket === 'websocket') return { status: 'connected', transport: socket };
  if (socket ?? fallback) return { status: 'polling', transport: socket ?? fallback };
  if (ways.hasGivenUp) return { status: 'error', transport: null };
  if (socketFailures === 0 || fallbackFailures === 0)
    return { status: 'connecting', transport: null };
  const isSerious = Math.max(socketFailures, fallbackFailures) >= seriousFailures;
  return { status: isSerious ? 'error' : 'disconnected', transport: null };
}
