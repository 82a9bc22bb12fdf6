import { useStore } from '@nanostores/react';
import { Smile } from 'lucide-react';
import { useId } from 'react';
import { IconButton } from '../../ui/IconButton';
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
      <IconButton icon={Smile} size={19} label={text.emoji} popoverTarget={id} />
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
