import { ApiError } from './problem';
import { type Api, answer } from './rest';
import type { Span } from './span';
import type { Board, Store } from './store/store';
import type { Me } from './types';

/** What a snapshot needs of its surroundings. */
type Surroundings = {
  api: Api;
  store: Store;
  /** The number of the last event that has come; `null` before the first. */
  point: () => number | null;
  /** The board is held, as of event `seq`. */
  onRead: (seq: number) => void;
  onRefused: (why: string) => void;
};

/** How long to wait before it is asked for once more. */
const waitsMs = [1_000, 2_000, 5_000, 10_000];

/** The board and who looks at it: that from which on the log is followed. */
export class Snapshot {
  readonly #around: Surroundings;
  /** For which run it is being read. */
  #run: Span | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Reads it, unless that is under way; tries again, ever less often, until it can. */
  async read(run: Span, tries = 0): Promise<void> {
    if (this.#run === run) return;
    this.#run = run;
    const { api, store, onRefused } = this.#around;
    try {
      const [board, me] = await Promise.all([
        answer(api.GET('/api/board', { signal: run.signal })),
        answer(api.GET('/api/me', { signal: run.signal })),
      ]);
      if (run.isOver) return;
      this.#show(board as Board, me);
      this.#run = null;
    } catch (problem) {
      if (run.isOver) return;
      this.#run = null;
      if (problem instanceof ApiError && problem.isRefusal) return onRefused(problem.message);
      if (store.getSnapshot().phase === 'loading') store.set({ phase: 'unreachable' });
      const wait = waitsMs[Math.min(tries, waitsMs.length - 1)] ?? 0;
      run.after(wait, () => void this.read(run, tries + 1));
    }
  }

  #show(board: Board, me: Me): void {
    const { store, point, onRead } = this.#around;
    const { phase, afresh } = store.getSnapshot();
    const reached = point();
    store.set({ me });
    // More has been missed than the log tells: what is held from before it is let go of.
    if (phase === 'ready' && reached !== null && reached < board.seq) {
      store.forget();
      store.set({ afresh: afresh + 1 });
    }
    store.board(board);
    onRead(board.seq);
  }
}
