import { useStore } from '@nanostores/react';
import {
  QueryClient,
  QueryClientProvider,
  type QueryKey,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useInbox } from '../hooks';
import { type Api, ApiError, answer } from '../inbox-client';
import { shellText } from './shell/text';
import { tell } from './ui/toasts';

/** What a call of the API comes to. */
type Call<Data> = Promise<{ data?: Data; error?: unknown; response: Response }>;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, problem) => count < 3 && !(problem instanceof ApiError && !problem.isPassing),
    },
  },
});

/** Keeps what screens that are not live have asked the server for. */
export function Rest({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

/** What the server answers, fetched when it is first looked at, and again each `everyMs` in sight. */
export function useAnswer<Data>(
  key: QueryKey,
  ask: (api: Api, signal: AbortSignal) => Call<Data>,
  everyMs?: number,
): UseQueryResult<Data> {
  const { api } = useInbox();
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => answer(ask(api, signal)),
    ...(everyMs && { refetchInterval: everyMs }),
  });
}

/**
 * Does something on the server, and has what stands under `key` fetched again; a refusal is told in
 * the server's words.
 */
export function useDeed<Input, Data>(key: QueryKey, ask: (api: Api, input: Input) => Call<Data>) {
  const { api } = useInbox();
  const queries = useQueryClient();
  const text = useStore(shellText);
  return useMutation({
    mutationFn: (input: Input) => answer(ask(api, input)),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
    onError: (problem) => tell(wordsFor(problem, text), { tone: 'bad' }),
  });
}

/** Has what stands under `key` fetched again. */
export function useRefresh(key: QueryKey): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: key });
}

function wordsFor(problem: unknown, text: { failed: string; forbidden: string }): string {
  if (!(problem instanceof ApiError)) return text.failed;
  return problem.status === 403 ? text.forbidden : problem.message;
}
