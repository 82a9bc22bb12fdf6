import { io } from 'socket.io-client';

/** How long a way to the server may take before it counts as blocked, in milliseconds. */
const patienceMs = 8_000;

/** What came of trying a way: how long it took, or why it did not work. */
export type Finding = { ms: number } | { why: string };

/** Tries HTTP: whether the server is there at all. */
export function tryRest(): Promise<Finding> {
  return timed(async () => {
    const response = await fetch('/health', { signal: AbortSignal.timeout(patienceMs) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  });
}

/** Tries Socket.IO by one transport alone. */
export function trySocket(transport: 'websocket' | 'polling', token: string): Promise<Finding> {
  return timed(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = io({
          transports: [transport],
          auth: { token },
          forceNew: true,
          reconnection: false,
          timeout: patienceMs,
        });
        const end = (done: () => void) => {
          clearTimeout(timer);
          socket.io.off('close');
          socket.disconnect();
          done();
        };
        const fail = (error: Error) => end(() => reject(error));
        const timer = setTimeout(fail, patienceMs, new Error('timeout'));
        socket.on('connect', () => end(resolve));
        socket.on('connect_error', fail);
        // Some proxies let a connection begin, and end it or swallow what follows.
        socket.io.on('close', (reason) => fail(new Error(reason)));
      }),
  );
}

/** Tries the stream of events until its first byte or its headers have come through. */
export function tryStream(token: string): Promise<Finding> {
  return timed(async () => {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new Error('timeout')), patienceMs);
    try {
      const response = await fetch('/api/events/stream', {
        headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' },
        signal: ended.signal,
      });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  });
}

async function timed(way: () => Promise<void>): Promise<Finding> {
  const begun = performance.now();
  try {
    await way();
    return { ms: Math.round(performance.now() - begun) };
  } catch (problem) {
    return { why: problem instanceof Error ? problem.message : String(problem) };
  }
}
