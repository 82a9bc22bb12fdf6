import { useStore } from '@nanostores/react';
import { Clock3 } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'wouter';
import { activityOf } from '../../inbox-client/desk';
import type { Conversation, Message } from '../../inbox-client/wire';
import { formatPhone, nameOf, useFormat, useLabelOf } from '../format';
import { ContactFace } from '../ui/ContactFace';
import { Ticks } from '../ui/Ticks';
import { TypeIcon } from '../ui/TypeIcon';
import { messageText } from '../ui/text';
import { boardText } from './text';
import './card.css';

/** After how many minutes waiting is amber, and red. */
const warmMinutes = 3;
const hotMinutes = 15;

/** A conversation on the board, a link to its thread. */
export const Card = memo(function Card({
  conversation,
  now,
}: {
  conversation: Conversation;
  now: number;
}) {
  const text = useStore(boardText);
  const format = useFormat();
  const { id, contact, inbox, lastMessage, unreadCount, labels } = conversation;
  const activity = activityOf(conversation);
  return (
    <article className="card" data-unread={unreadCount > 0} id={`card-${id}`}>
      <ContactFace contact={contact} channel={inbox.channel} />
      <h3>
        <Link href={`/chat/${id}`}>{nameOf(contact)}</Link>
      </h3>
      <time dateTime={activity}>{format.timeAgo(activity, now)}</time>
      <p className="card-from">{contact.name ? formatPhone(contact.phoneNumber) : inbox.name}</p>
      <p className="card-said">{lastMessage ? <Said message={lastMessage} /> : text.noMessages}</p>
      <footer>
        <Waiting since={conversation.waitingSince} now={now} />
        {labels.map((label) => (
          <span className="chip" key={label}>
            {label}
          </span>
        ))}
        {unreadCount > 0 && (
          <span className="badge">
            <span aria-hidden="true">{unreadCount > 99 ? '99+' : unreadCount}</span>
            <span className="unseen">{text.unread(unreadCount)}</span>
          </span>
        )}
      </footer>
    </article>
  );
});

function Said({ message }: { message: Message }) {
  const text = useStore(messageText);
  const labelOf = useLabelOf();
  if (message.metadata.deletedAt) return <em>{text.deleted}</em>;
  return (
    <>
      <Ticks message={message} />
      <TypeIcon type={message.type} />
      {message.content || labelOf(message)}
    </>
  );
}

function Waiting({ since, now }: { since: string | null; now: number }) {
  const text = useStore(boardText);
  const format = useFormat();
  if (!since) return null;
  const minutes = (now - Date.parse(since)) / 60_000;
  if (minutes < warmMinutes) return null;
  return (
    <span className="chip waiting" data-hot={minutes >= hotMinutes}>
      <Clock3 size={13} aria-hidden="true" />
      {text.waiting({ time: format.duration(minutes * 60_000) })}
    </span>
  );
}
