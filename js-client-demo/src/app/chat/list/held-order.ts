import { useMemo, useState } from 'react';
import type { Conversation } from '../../../inbox-client';

/** Conversations in the order that they had, and what that hides. */
export type HeldOrder = {
  shown: readonly Conversation[];
  /** How many would stand further up by now. */
  moved: number;
  hold: () => void;
  release: () => void;
};

/**
 * Keeps rows where they are while somebody points at them, so that a click opens what it was aimed at.
 * Rows that go, go; rows that come, come at the end until the order is released.
 */
export function useHeldOrder(list: readonly Conversation[]): HeldOrder {
  const [held, setHeld] = useState<readonly string[] | null>(null);
  const { shown, moved } = useMemo(() => inOrder(list, held), [list, held]);
  return {
    shown,
    moved,
    hold: () => setHeld((before) => before ?? list.map(({ id }) => id)),
    release: () => setHeld(null),
  };
}

/** The list in another order, and how many of it that holds back. */
export function inOrder(
  list: readonly Conversation[],
  order: readonly string[] | null,
): Pick<HeldOrder, 'shown' | 'moved'> {
  if (!order) return { shown: list, moved: 0 };
  const place = new Map(order.map((id, index) => [id, index]));
  const placeOf = ({ id }: Conversation) => place.get(id) ?? Number.POSITIVE_INFINITY;
  // What passed others on its way up stands before them now, and after them in the old order.
  let moved = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = list.length - 1; index >= 0; index -= 1) {
    const conversation = list[index];
    if (!conversation) continue;
    if (placeOf(conversation) > least) moved += 1;
    else least = placeOf(conversation);
  }
  if (moved === 0) return { shown: list, moved };
  return { shown: list.toSorted((a, b) => compare(placeOf(a), placeOf(b))), moved };
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
