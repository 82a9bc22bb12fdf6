import { useStore } from '@nanostores/react';
import { Clock3, Ellipsis } from 'lucide-react';
import { memo, type Ref } from 'react';
import { Link } from 'wouter';
import { activityOf, type Conversation, type Message } from '../../inbox-client';
import { nameOf, phoneOf, useFormat, useLabelOf } from '../format';
import { useNames } from '../people';
import { hotAfter, warmAfter } from '../shell/preferences';
import { Avatar } from '../ui/Avatar';
import { ContactFace } from '../ui/ContactFace';
import { Ticks } from '../ui/Ticks';
import { TypeIcon } from '../ui/TypeIcon';
import { messageText } from '../ui/text';
import { boardText } from './text';
import './card.css';

type Props = {
  conversation: Conversation;
  now: number;
  /** What the keyboard takes the card by. */
  linkRef?: Ref<HTMLAnchorElement>;
  describedBy?: string | undefined;
  /** Asks where to move the card to, from where `anchor` stands. */
  onMenu?: (id: string, anchor: HTMLElement) => void;
};

/** A conversation on the board: a link to its thread, all of it. */
export const Card = memo(function Card({ conversation, now, linkRef, describedBy, onMenu }: Props) {
  const text = useStore(boardText);
  const format = useFormat();
  const { id, contact, inbox, lastMessage, unreadCount, labels } = conversation;
  const activity = activityOf(conversation);
  return (
    <article className="card" data-unread={unreadCount > 0} data-card={id}>
      <ContactFace contact={contact} channel={inbox.channel} />
      <h3>
        <Link
          ref={linkRef}
          href={`/chat/${id}`}
          dir="auto"
          draggable={false}
          aria-describedby={describedBy}
          onKeyDown={(event) => {
            if (event.key.toLowerCase() !== 'm' || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            onMenu?.(id, event.currentTarget);
          }}
        >
          {nameOf(contact)}
        </Link>
      </h3>
      <time dateTime={activity}>{format.timeAgo(activity, now)}</time>
      <p className="card-from">{(contact.name && phoneOf(contact)) || inbox.name}</p>
      <p className="card-said">{lastMessage ? <Said message={lastMessage} /> : text.noMessages}</p>
      <footer>
        <Waiting since={conversation.waitingSince ?? null} now={now} />
        {labels.map((label) => (
          <span className="chip" key={label}>
            {label}
          </span>
        ))}
        <span className="card-end">
          {unreadCount > 0 && (
            <span className="badge">
              <span aria-hidden="true">{unreadCount > 99 ? '99+' : unreadCount}</span>
              <span className="unseen">{text.unread(unreadCount)}</span>
            </span>
          )}
          {conversation.assigneeId && <Assignee id={conversation.assigneeId} />}
        </span>
      </footer>
      {onMenu && (
        <button
          type="button"
          className="card-menu"
          aria-haspopup="menu"
          aria-label={text.moveCard({ name: nameOf(contact) })}
          title={text.moveTo}
          onClick={(event) => onMenu(id, event.currentTarget)}
        >
          <Ellipsis size={17} aria-hidden="true" />
        </button>
      )}
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
      <span dir="auto">{message.content || labelOf(message)}</span>
    </>
  );
}

function Waiting({ since, now }: { since: string | null; now: number }) {
  const text = useStore(boardText);
  const format = useFormat();
  const warm = useStore(warmAfter);
  const hot = useStore(hotAfter);
  if (!since) return null;
  const minutes = (now - Date.parse(since)) / 60_000;
  if (minutes < Math.min(warm, hot)) return null;
  return (
    <span className="chip waiting" data-hot={minutes >= hot}>
      <Clock3 size={13} aria-hidden="true" />
      {text.waiting({ time: format.duration(minutes * 60_000) })}
    </span>
  );
}

function Assignee({ id }: { id: string }) {
  const text = useStore(boardText);
  const name = useNames()[id] ?? '';
  return (
    <span title={text.assignedTo({ name })}>
      <Avatar id={id} name={name} size={22} />
      <span className="unseen">{text.assignedTo({ name })}</span>
    </span>
  );
}
