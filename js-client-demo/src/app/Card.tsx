import { type CSSProperties, memo } from 'react';
import { activityOf } from '../inbox-client/desk';
import type { Contact, Conversation, Message } from '../inbox-client/wire';
import { formatPhone, hueOf, initialsOf, labelOf, nameOf, timeAgo } from './format';
import { Icon, Ticks, TypeIcon } from './icons';
import { text } from './text';

type Props = { conversation: Conversation; isOpen: boolean; isNewest: boolean; now: number };

/** A conversation on the board, a link to its thread. */
export const Card = memo(function Card({ conversation, isOpen, isNewest, now }: Props) {
  const { id, contact, inbox, lastMessage, unreadCount } = conversation;
  const activity = activityOf(conversation);
  const looks = ['card', unreadCount > 0 && 'unread', isNewest && 'newest'];
  return (
    <li>
      <a
        id={`card-${id}`}
        className={looks.filter(Boolean).join(' ')}
        href={`#/${id}`}
        aria-current={isOpen}
      >
        {isNewest && <span className="glow" key={lastMessage?.id} />}
        <Avatar contact={contact} />
        <span className={contact.name ? 'name' : 'name bare'}>{nameOf(contact)}</span>
        <time dateTime={activity}>{timeAgo(activity, now)}</time>
        {contact.name && <span className="phone">{formatPhone(contact.phoneNumber)}</span>}
        <Preview message={lastMessage} />
        <span className="channel">
          <Icon name={inbox.channel} />
          <span className="unseen">{text.channel[inbox.channel]}</span>
          {inbox.name}
        </span>
        <UnreadBadge count={unreadCount} />
      </a>
    </li>
  );
});

/** A contact's initials in a colour of its own. */
export function Avatar({ contact }: { contact: Contact }) {
  return (
    <span
      className="avatar"
      style={{ '--hue': hueOf(contact.id) } as CSSProperties}
      aria-hidden="true"
    >
      {initialsOf(contact.name ?? '')}
    </span>
  );
}

/** How many messages nobody has read; nothing when there are none. */
export function UnreadBadge({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className="badge" title={text.unread(count)}>
      <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
      <span className="unseen">{text.unread(count)}</span>
    </span>
  );
}

function Preview({ message }: { message: Message | null }) {
  if (!message) return <span className="preview none">{text.noMessages}</span>;
  if (message.metadata.deletedAt) return <span className="preview none">{text.deleted}</span>;
  return (
    <span className="preview">
      <Ticks message={message} />
      <TypeIcon type={message.type} />
      {message.content || labelOf(message)}
    </span>
  );
}
