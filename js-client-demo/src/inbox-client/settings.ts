/** How the server wants clients to connect, poll and try again: times in milliseconds. */
export type Settings = {
  websocket: { timeoutMs: number };
  /** 0 for an interval means not at all. */
  polling: {
    activeMs: number;
    inactiveMs: number;
    backgroundMs: number;
    fallbackMs: number;
    errorBackoffMs: readonly number[];
  };
  backoff: {
    profile: string;
    profiles: Record<string, { delaysMs: readonly number[]; maxRetries: number | null }>;
  };
  cache: { maxMessages: number; ttlMs: number };
};

/** What holds until the server has said otherwise. */
export const usualSettings: Settings = {
  websocket: { timeoutMs: 10_000 },
  polling: {
    activeMs: 3_000,
    inactiveMs: 30_000,
    backgroundMs: 0,
    fallbackMs: 30_000,
    errorBackoffMs: [1_000, 2_000, 5_000, 10_000],
  },
  backoff: {
    profile: 'exponential',
    profiles: {
      exponential: { delaysMs: [1_000, 2_000, 4_000, 8_000, 16_000, 30_000], maxRetries: null },
    },
  },
  cache: { maxMessages: 100, ttlMs: 300_000 },
};

/** What `GET /api/realtime/config` answers; the usual settings where it does not. */
export async function fetchSettings(
  baseUrl: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<Settings> {
  try {
    const response = await fetch(`${baseUrl}/api/realtime/config`, { signal });
    return response.ok ? { ...usualSettings, ...(await response.json()) } : usualSettings;
  } catch {
    return usualSettings;
  }
}
