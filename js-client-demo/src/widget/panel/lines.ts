import type { Line } from './types';

/** How far a status is; it only moves forward. */
const ranks = ['PENDING', 'SENT', 'FAILED', 'DELIVERED', 'READ'];

/** What was said, each once and in order, however it comes. */
export class Lines {
  readonly #lines = new Map<string, Line>();
  #sorted: readonly Line[] | null = null;

  /** Oldest first; the same list until something changes. */
  all(): readonly Line[] {
    this.#sorted ??= [...this.#lines.values()].sort(
      (a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || (a.id < b.id ? -1 : 1),
    );
    return this.#sorted;
  }

  /** Takes a line, or what it has become. Answers whether it is new. */
  put(line: Line): boolean {
    const known = this.#lines.get(line.id);
    const status = known && rank(known.status) > rank(line.status) ? known.status : line.status;
    this.#lines.set(line.id, { ...line, status });
    this.#sorted = null;
    return !known;
  }

  /** A line has got further. */
  moved(id: string, status: Line['status']): void {
    const known = this.#lines.get(id);
    if (known && rank(status) > rank(known.status)) this.put({ ...known, status });
  }

  has(clientId: string): boolean {
    return this.all().some(({ metadata }) => metadata.clientId === clientId);
  }

  clear(): void {
    this.#lines.clear();
    this.#sorted = null;
  }
}

function rank(status: Line['status']): number {
  return ranks.indexOf(status);
}
