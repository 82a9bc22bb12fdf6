import { useStore } from '@nanostores/react';
import { Copy, Reply, SmilePlus } from 'lucide-react';
import { useId } from 'react';
import type { Entry } from '../../../inbox-client';
import { IconButton } from '../../ui/IconButton';
import { copy } from '../copy';
import { ownReaction, useActs } from './acts';
import { threadText } from './text';

const quick = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

/** What can be done with a message: beside it while somebody points at it, or comes to it by keyboard. */
export function Tools({ entry }: { entry: Entry }) {
  const text = useStore(threadText);
  const acts = useActs();
  const id = useId();
  if (entry.metadata.deletedAt) return null;
  const own = ownReaction(entry);
  const canReact = Boolean(entry.whatsappMessageId) && !entry.isPrivate;
  return (
    <div className="tools">
      <IconButton icon={Reply} size={16} label={text.reply} onClick={() => acts.reply(entry)} />
      {canReact && (
        <>
          <IconButton icon={SmilePlus} size={16} label={text.react} popoverTarget={id} />
          <div id={id} popover="auto" className="popover quick-reactions">
            {quick.map((emoji) => (
              <button
                key={emoji}
                type="button"
                aria-pressed={own === emoji}
                popoverTarget={id}
                popoverTargetAction="hide"
                onClick={() => acts.react(entry, own === emoji ? null : emoji)}
              >
                {emoji}
              </button>
            ))}
          </div>
        </>
      )}
      {entry.content && (
        <IconButton
          icon={Copy}
          size={15}
          label={text.copy}
          onClick={() => void copy(entry.content, text.copied)}
        />
      )}
    </div>
  );
}
