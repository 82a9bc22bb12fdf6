import { useStore } from '@nanostores/react';
import { Smile } from 'lucide-react';
import { useId } from 'react';
import { composerText } from './text';

const emojis = [
  ...[
    '😀',
    '😄',
    '😁',
    '😂',
    '🤣',
    '😊',
    '😇',
    '🙂',
    '😉',
    '😍',
    '😘',
    '😋',
    '😎',
    '🤩',
    '🥳',
    '🤔',
  ],
  ...[
    '😅',
    '😐',
    '😬',
    '🙄',
    '😴',
    '😢',
    '😭',
    '😡',
    '🤯',
    '😱',
    '🤗',
    '🙈',
    '👋',
    '👍',
    '👎',
    '👏',
  ],
  ...['🙌', '🙏', '💪', '🤝', '👌', '✌️', '🤞', '☝️', '❤️', '💛', '💚', '💙', '💜', '💔', '✨', '🔥'],
  ...[
    '🎉',
    '🎁',
    '🚚',
    '📦',
    '🧾',
    '💳',
    '💰',
    '📍',
    '📞',
    '📷',
    '⏰',
    '✅',
    '❌',
    '⚠️',
    '❓',
    '💯',
  ],
];

/** Emojis to write with. */
export function Emojis({ onPick }: { onPick: (emoji: string) => void }) {
  const text = useStore(composerText);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={text.emoji}
        title={text.emoji}
        popoverTarget={id}
      >
        <Smile size={19} aria-hidden="true" />
      </button>
      <div id={id} popover="auto" className="popover emojis">
        {emojis.map((emoji) => (
          <button key={emoji} type="button" onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
    </>
  );
}
