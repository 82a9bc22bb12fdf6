import type { Entry } from '../../../inbox-client';

/** Messages of one side within this time belong together. */
const groupMs = 5 * 60_000;

/** How a message stands between those around it. */
export type Place = {
  /** Whether a day begins with it. */
  isNewDay: boolean;
  /** Whether it is the first, and the last, of those that belong together. */
  isFirst: boolean;
  isLast: boolean;
};

/** The place of one of the messages; `dividerId` is the first one that was unread. */
export function placeOf(entries: readonly Entry[], index: number, dividerId: string | null): Place {
  const [before, entry, after] = [entries[index - 1], entries[index], entries[index + 1]];
  if (!entry) return { isNewDay: false, isFirst: true, isLast: true };
  const isNewDay = !before || dayOf(before) !== dayOf(entry);
  return {
    isNewDay,
    isFirst: isNewDay || !before || entry.id === dividerId || !belong(before, entry),
    isLast:
      !after || after.id === dividerId || dayOf(after) !== dayOf(entry) || !belong(entry, after),
  };
}

/** The first message that was unread when `unread` of them were. */
export function firstUnread(entries: readonly Entry[], unread: number): string | null {
  if (unread <= 0) return null;
  let left = unread;
  let first: string | null = null;
  for (let index = entries.length - 1; index >= 0 && left > 0; index -= 1) {
    const entry = entries[index];
    if (entry?.direction !== 'INBOUND') continue;
    first = entry.id;
    left -= 1;
  }
  return first;
}

/** How many messages of the customer's have come after one. */
export function arrivedAfter(entries: readonly Entry[], key: string | null): number {
  let arrived = 0;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index];
    if (!entry || entry.id === key || entry.metadata.clientId === key) break;
    if (entry.direction === 'INBOUND') arrived += 1;
  }
  return arrived;
}

/** About how high a message will be, in pixels, before it has been drawn. */
export function guessHeight({ type, content, metadata }: Entry): number {
  const lines = Math.ceil(content.length / 62) + (content.split('\n').length - 1);
  const words = 37 + 20 * Math.max(0, lines - 1);
  switch (type) {
    case 'IMAGE':
    case 'VIDEO': {
      const { height, width } = sizeIn(metadata.media);
      return height * Math.min(1, 320 / width) + (content ? words : 40);
    }
    case 'AUDIO':
      return 72;
    case 'DOCUMENT':
      return 84;
    case 'LOCATION':
      return 110;
    case 'TEXT':
      return words;
  }
}

/** The width and height in which a picture is drawn, in pixels, known before it is there. */
export function sizeIn(media: Entry['metadata']['media']): { width: number; height: number } {
  const { width = 280, height = 210 } = media ?? {};
  const scale = Math.min(1, 320 / width, 360 / height);
  const least = Math.max(scale, Math.min(1, 120 / width));
  return { width: Math.round(width * least), height: Math.round(Math.max(60, height * least)) };
}

function belong(a: Entry, b: Entry): boolean {
  return (
    a.direction === b.direction &&
    Boolean(a.isPrivate) === Boolean(b.isPrivate) &&
    a.metadata.author?.id === b.metadata.author?.id &&
    Math.abs(Date.parse(b.timestamp) - Date.parse(a.timestamp)) < groupMs
  );
}

function dayOf({ timestamp }: Entry): number {
  return new Date(timestamp).setHours(0, 0, 0, 0);
}
