import { useStore } from '@nanostores/react';
import { Copy, Reply, SmilePlus } from 'lucide-react';
import { useId } from 'react';
import type { Entry } from '../../../inbox-client';
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
      <button
        type="button"
        className="icon-button"
        aria-label={text.reply}
        title={text.reply}
        onClick={() => acts.reply(entry)}
      >
        <Reply size={16} aria-hidden="true" />
      </button>
      {canReact && (
        <>
          <button
            type="button"
            className="icon-button"
            aria-label={text.react}
            title={text.react}
            popoverTarget={id}
          >
            <SmilePlus size={16} aria-hidden="true" />
          </button>
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
        <button
          type="button"
          className="icon-button"
          aria-label={text.copy}
          title={text.copy}
          onClick={() => void copy(entry.content, text.copied)}
        >
          <Copy size={15} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
