import type { Conversation } from '../../inbox-client';

/** Where cards stand in a column, as far as they are drawn: from the column's upper edge. */
export type Drawn = { index: number; start: number; size: number }[];

/** Before which of a column's cards something goes whose middle is at `y`; its length for the end. */
export function indexAt(y: number, drawn: Drawn): number {
  const below = drawn.find(({ start, size }) => y < start + size / 2);
  return below ? below.index : (drawn.at(-1)?.index ?? -1) + 1;
}

/** That place as the server knows it: by a neighbour, which keeps its sense whatever happens meanwhile. */
export function spotAt(
  index: number,
  cards: readonly Conversation[],
  id: string,
): { before?: string; after?: string } {
  const others = cards.slice(0, index).filter((card) => card.id !== id);
  const above = others.at(-1);
  if (above) return { after: above.id };
  const below = cards.slice(index).find((card) => card.id !== id);
  return below ? { before: below.id } : {};
}

/** Whether putting a card there leaves it where it is. */
export function isSamePlace(index: number, cards: readonly Conversation[], id: string): boolean {
  const at = cards.findIndex((card) => card.id === id);
  return at !== -1 && (index === at || index === at + 1);
}
