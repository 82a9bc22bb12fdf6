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
  /** How often what one may see has changed, and how often it had when that was asked for which is held. */
  #changes = 0;
  #changesHeld = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** What one may see is another now: reads it in any case, and lets go of what is held. */
  async readAfresh(run: Span): Promise<void> {
    this.#changes += 1;
    await this.read(run);
  }

  /** Reads it, unless that is under way; tries again, ever less often, until it can. */
  async read(run: Span, tries = 0): Promise<void> {
    if (this.#run === run) return;
    this.#run = run;
    const { api, store, onRefused } = this.#around;
    const changes = this.#changes;
    try {
      const [board, me] = await Promise.all([
        answer(api.GET('/api/board', { signal: run.signal })),
        answer(api.GET('/api/me', { signal: run.signal })),
      ]);
      if (run.isOver) return;
      this.#run = null;
      // It may still be what was to be seen before.
      if (changes !== this.#changes) return await this.read(run);
      this.#show(board as Board, me);
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
    // More has been missed than the log tells, or something else may be seen: what is held is let go of.
    const isMissed = reached !== null && reached < board.seq;
    if (phase === 'ready' && (isMissed || this.#changesHeld !== this.#changes)) {
      store.forget();
      store.set({ afresh: afresh + 1 });
    }
    this.#changesHeld = this.#changes;
    store.board(board);
    onRead(board.seq);
  }
}
