import { useStore } from '@nanostores/react';
import type { Entry } from '../../../inbox-client';
import { ownReaction, useActs } from './acts';
import { threadText } from './text';

/** How people have reacted to a message; one's own is taken back by a click. */
export function Reactions({ entry }: { entry: Entry }) {
  const text = useStore(threadText);
  const { react } = useActs();
  const reactions = entry.metadata.reactions ?? [];
  if (reactions.length === 0 || entry.metadata.deletedAt) return null;
  const own = ownReaction(entry);
  const counts = new Map<string, number>();
  for (const { emoji } of reactions) counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  return (
    <ul className="reactions" aria-label={text.reactions}>
      {Array.from(counts, ([emoji, count]) => (
        <li key={emoji}>
          <button
            type="button"
            aria-pressed={own === emoji}
            onClick={() => react(entry, own === emoji ? null : emoji)}
          >
            {emoji}
            {count > 1 && <span>{count}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
