import { useStore } from '@nanostores/react';
import type { Entry } from '../../../inbox-client';
import { nameOf, useLabelOf } from '../../format';
import { TypeIcon } from '../../ui/TypeIcon';
import { useActs } from './acts';
import { threadText } from './text';

type Props = { quoted: Entry | null; entry: Entry };

/** The message that another one answers; a click shows it. */
export function Quote({ quoted, entry }: Props) {
  const text = useStore(threadText);
  const labelOf = useLabelOf();
  const { jump, jumpToProvider } = useActs();
  const { replyTo, context } = entry.metadata;
  const show = () => {
    if (quoted) jump(quoted.id);
    else if (typeof replyTo === 'string') jump(replyTo);
    else jumpToProvider((context as { id: string }).id);
  };
  return (
    <button
      type="button"
      className="quote"
      title={text.quoted}
      data-side={quoted?.direction}
      onClick={show}
    >
      {quoted ? (
        <>
          <b dir="auto">{authorOf(quoted, text.you)}</b>
          <span dir="auto">
            <TypeIcon type={quoted.type} size={13} /> {quoted.content || labelOf(quoted)}
          </span>
        </>
      ) : (
        <span>{text.quotedGone}</span>
      )}
    </button>
  );
}

/** Who wrote a message. */
export function authorOf({ direction, metadata, contact }: Entry, us: string): string {
  return direction === 'INBOUND' ? nameOf(contact) : (metadata.author?.name ?? us);
}

/**
 * The message that one of these answers: `null` if it is not among them, `undefined` if it answers none.
 */
export function quotedBy(entries: readonly Entry[], index: number): Entry | null | undefined {
  const { replyTo, context } = entries[index]?.metadata ?? {};
  const answered = replyTo ?? (context as { id?: string } | undefined)?.id;
  if (typeof answered !== 'string') return undefined;
  for (let before = index - 1; before >= 0; before -= 1) {
    const entry = entries[before];
    if (entry?.id === answered || entry?.whatsappMessageId === answered) return entry;
  }
  return null;
}
