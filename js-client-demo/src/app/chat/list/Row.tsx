import { useStore } from '@nanostores/react';
import { AlarmClock, Lock } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'wouter';
import { activityOf, type Conversation, type Typist } from '../../../inbox-client';
import { nameOf, useFormat, useLabelOf } from '../../format';
import { ContactFace } from '../../ui/ContactFace';
import { Ticks } from '../../ui/Ticks';
import { TypeIcon } from '../../ui/TypeIcon';
import { messageText } from '../../ui/text';
import { listText } from './text';

type Props = {
  conversation: Conversation;
  isOpen: boolean;
  /** What has been begun there; empty for nothing. */
  draft: string;
  typist: Typist | undefined;
  now: number;
};

/** After so long without an answer, a customer's waiting is marked. */
const longWaitMs = 3 * 60_000;

/** A conversation in the list. */
export const Row = memo(function Row({ conversation, isOpen, draft, typist, now }: Props) {
  const text = useStore(listText);
  const format = useFormat();
  const { contact, inbox, id, unreadCount, waitingSince, status, snoozedUntil } = conversation;
  const at = activityOf(conversation);
  const isWaiting = Boolean(waitingSince) && now - Date.parse(waitingSince ?? '') > longWaitMs;
  return (
    <Link
      className="chat-row"
      href={`/chat/${id}`}
      id={`row-${id}`}
      aria-current={isOpen ? 'page' : undefined}
      data-unread={unreadCount > 0}
    >
      <ContactFace contact={contact} channel={inbox.channel} size={44} />
      <span className="chat-row-who">
        <b dir="auto">{nameOf(contact)}</b>
        <time dateTime={at} data-hot={isWaiting}>
          {format.timeAgo(at, now)}
        </time>
      </span>
      <span className="chat-row-last">
        <span className="chat-row-words">
          {typist ? (
            <span className="chat-row-typing">
              {typist.kind === 'CONTACT' || !typist.name
                ? text.typing
                : text.agentTyping({ name: typist.name })}
            </span>
          ) : draft && !isOpen ? (
            <>
              <em>{text.draft}</em> <span dir="auto">{draft}</span>
            </>
          ) : (
            <LastWords conversation={conversation} />
          )}
        </span>
        {status === 'SNOOZED' && snoozedUntil && (
          <span
            className="chat-row-snoozed"
            title={text.snoozedUntil({ time: format.moment(snoozedUntil) })}
          >
            <AlarmClock size={14} aria-hidden="true" />
            <span className="unseen">
              {text.snoozedUntil({ time: format.moment(snoozedUntil) })}
            </span>
          </span>
        )}
        {unreadCount > 0 && (
          <span className="badge">
            <span aria-hidden="true">{unreadCount > 99 ? '99+' : unreadCount}</span>
            <span className="unseen">{text.unread(unreadCount)}</span>
          </span>
        )}
      </span>
    </Link>
  );
});

function LastWords({ conversation: { lastMessage } }: Pick<Props, 'conversation'>) {
  const text = useStore(listText);
  const { deleted } = useStore(messageText);
  const labelOf = useLabelOf();
  if (!lastMessage) return <i>{text.noWords}</i>;
  if (lastMessage.metadata.deletedAt) return <i>{deleted}</i>;
  return (
    <>
      {lastMessage.isPrivate ? (
        <Lock size={13} aria-label={text.note} />
      ) : (
        <Ticks message={lastMessage} />
      )}
      <TypeIcon type={lastMessage.type} size={14} />
      <span dir="auto">{lastMessage.content || labelOf(lastMessage)}</span>
    </>
  );
}
