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
import { perInbox } from './per-inbox';
import { useRefusals } from './refusals/reason';
import { tell } from './ui/toasts';

/** What a call of the API comes to. */
type Call<Data> = Promise<{ data?: Data; error?: unknown; response: Response }>;

const clientOf = perInbox(
  () =>
    new QueryClient({
      defaultOptions: {
        queries: {
          staleTime: 5_000,
          retry: (count, problem) =>
            count < 3 && !(problem instanceof ApiError && !problem.isPassing),
        },
      },
    }),
);

/** Keeps what screens that are not live have asked the server for. */
export function Rest({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={clientOf(useInbox())}>{children}</QueryClientProvider>;
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

/** What is known of an answer, and of the tries to have it. */
type Asked = { data: unknown; failureCount: number; isPaused: boolean };

/** Whether an answer is lacking, since it could not be had so far. */
export function isLacking({ data, failureCount, isPaused }: Asked): boolean {
  return data === undefined && (failureCount > 0 || isPaused);
}

/** Has what stands under `key` asked for anew at once, also while the next try is waited for. */
export function useAnew(key: QueryKey): () => void {
  const queries = useQueryClient();
  return () => void queries.resetQueries({ queryKey: key, exact: true });
}

/** Something that can be done on the server. */
export type Deed<Input, Data> = {
  /** Does it, and what is to come of it; a refusal is told at the bottom of the screen. */
  run: (input: Input, then?: (answer: Data) => void) => void;
  /** Does it; who waits for the answer tells of a refusal. */
  ask: (input: Input) => Promise<Data>;
};

/** Does something on the server, and has what stands under `key` fetched again. */
export function useDeed<Input, Data>(
  key: QueryKey,
  call: (api: Api, input: Input) => Call<Data>,
): Deed<Input, Data> {
  const { api } = useInbox();
  const queries = useQueryClient();
  const wordsFor = useRefusals();
  const { mutateAsync: ask } = useMutation({
    mutationFn: (input: Input) => answer(call(api, input)),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  return {
    run: (input, then) => {
      ask(input).then(then, (problem: unknown) => tell(wordsFor(problem), { tone: 'bad' }));
    },
    ask,
  };
}

/** Has what stands under `key` fetched again. */
export function useRefresh(key: QueryKey): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: key });
}
