import type { Entry } from '../../../inbox-client';

/**
 * How many messages are laid out at once. A layout is made anew with every page and every height that is
 * measured, so that it has to be of a size that does not grow with what has been read.
 */
export const most = 400;

/** By how many messages the stretch moves when one comes near its edge. */
const step = 100;

/** What of a history is laid out: from one message to before another. */
export type Stretch = { from: number; to: number };

/** The stretch that ends with a message, or with the newest one (`null`). */
export function stretchOf(all: readonly Entry[], last: Entry | null): Stretch {
  const to = last ? Math.max(placeAfter(all, last), Math.min(most, all.length)) : all.length;
  return { from: Math.max(0, to - most), to };
}

/** With which message a stretch ends that shows older ones. */
export function endBefore(all: readonly Entry[], { to }: Stretch): Entry | null {
  return endAt(all, to - step);
}

/** With which message a stretch ends that shows newer ones. */
export function endAfter(all: readonly Entry[], { to }: Stretch): Entry | null {
  return endAt(all, to + step);
}

/** With which message a stretch ends that has one of them in its middle. */
export function endAround(all: readonly Entry[], index: number): Entry | null {
  return endAt(all, index + most / 2);
}

function endAt(all: readonly Entry[], place: number): Entry | null {
  return place < taken(all) ? (all[place - 1] ?? null) : null;
}

/** How many of the messages the server has; what it has not stands at their end. */
function taken(all: readonly Entry[]): number {
  let count = all.length;
  while (all[count - 1]?.outgoing) count -= 1;
  return count;
}

/** After how many of the messages one of them comes. */
export function placeAfter(all: readonly Entry[], { id, timestamp }: Entry): number {
  let [from, to] = [0, taken(all)];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = all[middle];
    const isAfter =
      there && (there.timestamp > timestamp || (there.timestamp === timestamp && there.id > id));
    if (isAfter) to = middle;
    else from = middle + 1;
  }
  return from;
}
