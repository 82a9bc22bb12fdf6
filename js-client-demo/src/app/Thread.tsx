import { Fragment, type UIEvent, useEffect, useRef } from 'react';
import type { Thread as LoadedThread } from '../inbox-client/desk';
import type { Conversation, Message } from '../inbox-client/wire';
import { Avatar } from './Card';
import { dayOf, formatPhone, labelOf, nameOf, timeOfDay } from './format';
import { Icon, Ticks, TypeIcon } from './icons';
import { text } from './text';

type Props = {
  conversation: Conversation;
  thread: LoadedThread;
  now: number;
  /** Asks for the messages before those in the thread. */
  onOlder: () => void;
};

/** Bubbles of one side within this time belong together. */
const groupMs = 5 * 60_000;
/** This close to the oldest message, the ones before it are fetched. */
const nearTopPx = 160;

/** A conversation's messages, the newest in view until the reader scrolls away. */
export function Thread({ conversation, thread, now, onOlder }: Props) {
  const { id, contact, inbox } = conversation;
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    heading.current?.focus();
    return () => document.getElementById(`card-${id}`)?.focus();
  }, [id]);

  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') location.hash = '/';
    };
    addEventListener('keydown', closeOnEscape);
    return () => removeEventListener('keydown', closeOnEscape);
  }, []);

  // The scroller is a reversed column: its offset is 0 at the newest message, negative above.
  function noteScroll({ currentTarget: box }: UIEvent) {
    const isNearTop = box.scrollHeight - box.clientHeight + box.scrollTop < nearTopPx;
    if (isNearTop && thread.history === 'more') onOlder();
  }

  return (
    <section className="thread" aria-labelledby="thread-name">
      <header>
        <Avatar contact={contact} />
        <div className="thread-who">
          <h2 id="thread-name" ref={heading} tabIndex={-1}>
            {nameOf(contact)}
          </h2>
          <p>
            {contact.name && `${formatPhone(contact.phoneNumber)} · `}
            {text.channel[inbox.channel]}
            {inbox.name !== text.channel[inbox.channel] && ` · ${inbox.name}`}
          </p>
        </div>
        <a className="quiet" href="#/" aria-label={text.closeThread} title={text.closeThread}>
          <Icon name="close" />
        </a>
      </header>
      <div className="scroller" onScroll={noteScroll}>
        <div className="messages" role="log" aria-busy={thread.history === 'loading'}>
          <History history={thread.history} onOlder={onOlder} />
          {thread.history === 'complete' && thread.messages.length === 0 && (
            <p className="history">{text.noMessages}</p>
          )}
          {thread.messages.map((message, index) => (
            <Entry
              key={message.id}
              message={message}
              before={thread.messages[index - 1]}
              now={now}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

function History({ history, onOlder }: Pick<LoadedThread, 'history'> & Pick<Props, 'onOlder'>) {
  switch (history) {
    case 'complete':
      return null;
    case 'loading':
      return <p className="history">{text.loading}</p>;
    case 'more':
      return (
        <p className="history">
          <button type="button" onClick={onOlder}>
            {text.olderMessages}
          </button>
        </p>
      );
    case 'failed':
      return (
        <p className="history" role="alert">
          {text.threadFailed}{' '}
          <button type="button" onClick={onOlder}>
            {text.tryAgain}
          </button>
        </p>
      );
  }
}

type EntryProps = { message: Message; before: Message | undefined; now: number };

function Entry({ message, before, now }: EntryProps) {
  const day = dayOf(message.timestamp, now);
  const isNewDay = !before || dayOf(before.timestamp, now) !== day;
  const followsOn =
    !isNewDay &&
    before.direction === message.direction &&
    Date.parse(message.timestamp) - Date.parse(before.timestamp) < groupMs;
  return (
    <Fragment>
      {isNewDay && <h3 className="day">{day}</h3>}
      <Bubble message={message} followsOn={followsOn} />
    </Fragment>
  );
}

function Bubble({ message, followsOn }: { message: Message; followsOn: boolean }) {
  const { direction, metadata, timestamp } = message;
  const looks = ['bubble', direction === 'INBOUND' ? 'in' : 'out', followsOn && 'follows'];
  const reactions = metadata.reactions ?? [];
  return (
    <article className={looks.filter(Boolean).join(' ')}>
      <div className="bubble-body">
        <Words message={message} />
        <span className="bubble-foot">
          {metadata.editedAt && !metadata.deletedAt && <span>{text.edited}</span>}
          <time dateTime={timestamp}>{timeOfDay(timestamp)}</time>
          <Ticks message={message} />
        </span>
      </div>
      {reactions.length > 0 && (
        <p className="reactions">
          <span className="unseen">{text.reactions}: </span>
          {[...new Set(reactions.map(({ emoji }) => emoji))].join(' ')}
          {reactions.length > 1 && <span className="count">{reactions.length}</span>}
        </p>
      )}
    </article>
  );
}

function Words({ message }: { message: Message }) {
  if (message.metadata.deletedAt) return <span className="deleted">{text.deleted}</span>;
  if (message.type === 'TEXT') return <span className="words">{message.content}</span>;
  return (
    <>
      <span className="attachment">
        <TypeIcon type={message.type} />
        {labelOf(message)}
      </span>
      {message.content && <span className="words">{message.content}</span>}
    </>
  );
}
