import { useStore } from '@nanostores/react';
import { Clock3, Lock, Smartphone } from 'lucide-react';
import { memo } from 'react';
import type { Entry } from '../../../inbox-client';
import { useFormat } from '../../format';
import { Ticks } from '../../ui/Ticks';
import { messageText } from '../../ui/text';
import { Body } from './Body';
import { Failure } from './Failure';
import { Quote } from './Quote';
import { Reactions } from './Reactions';
import { Tools } from './Tools';
import { threadText } from './text';

type Props = {
  entry: Entry;
  /** What it answers; `null` if that is not held, `undefined` if it answers nothing. */
  quoted: Entry | null | undefined;
  isFirst: boolean;
  isLast: boolean;
  isOnline: boolean;
  /** Words that are looked for. */
  marks: string | undefined;
};

/** A message: what it says, how far it has got, and what can be done about it. */
export const Bubble = memo(function Bubble(props: Props) {
  const { entry, quoted, isFirst, isLast, isOnline, marks } = props;
  const text = useStore(threadText);
  const { timeOfDay } = useFormat();
  const { direction, metadata, timestamp, isPrivate, type, outgoing, status } = entry;
  const isOut = direction === 'OUTBOUND';
  const isDeleted = Boolean(metadata.deletedAt);
  // What the client and the server write bears an author; what does not was written on the phone.
  const isEcho = isOut && !metadata.author && !metadata.clientId && !isPrivate;
  const side = isPrivate ? 'note' : isOut ? 'out' : 'in';
  const isPlain = type === 'TEXT' && !isDeleted && !metadata.template && !metadata.interactive;
  return (
    <article
      className="message"
      data-side={side}
      data-first={isFirst}
      data-last={isLast}
      data-type={isDeleted ? 'TEXT' : type}
      data-status={status}
      data-message={entry.id}
    >
      <div className="message-line">
        <div className="bubble">
          {isPrivate && isFirst && (
            <p className="bubble-head">
              <Lock size={12} aria-hidden="true" /> {text.note}
              {metadata.author && <span dir="auto">{metadata.author.name}</span>}
            </p>
          )}
          {quoted !== undefined && <Quote quoted={quoted} entry={entry} />}
          <Body entry={entry} marks={marks} />
          <span className="bubble-foot" data-inline={isPlain}>
            {metadata.editedAt && !isDeleted && <span>{text.edited}</span>}
            {isEcho && (
              <span className="bubble-echo" title={text.fromPhoneHint}>
                <Smartphone size={12} aria-hidden="true" /> {text.fromPhone}
              </span>
            )}
            <time dateTime={timestamp}>{timeOfDay(timestamp)}</time>
            {!isPrivate && <Ticks message={entry} />}
            {isPrivate && outgoing && <Waiting />}
          </span>
        </div>
        {!outgoing && <Tools entry={entry} />}
      </div>
      <Reactions entry={entry} />
      <Failure entry={entry} isOnline={isOnline} />
    </article>
  );
});

function Waiting() {
  const text = useStore(messageText);
  return (
    <span className="ticks PENDING" title={text.PENDING}>
      <Clock3 size={15} aria-hidden="true" />
      <span className="unseen">{text.PENDING}</span>
    </span>
  );
}
