import { useStore } from '@nanostores/react';
import { ArrowLeft } from 'lucide-react';
import { Fragment, type UIEvent, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { OpenThread as LoadedThread } from '../../hooks';
import type { Conversation, Message } from '../../inbox-client';
import { formatPhone, nameOf, useFormat, useLabelOf } from '../format';
import { shellText } from '../shell/text';
import { ContactFace } from '../ui/ContactFace';
import { Ticks } from '../ui/Ticks';
import { TypeIcon } from '../ui/TypeIcon';
import { messageText } from '../ui/text';
import { chatText } from './text';

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
  const text = useStore(chatText);
  const { id, contact, inbox } = conversation;
  const heading = useRef<HTMLHeadingElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation is what moves the focus
  useEffect(() => heading.current?.focus(), [id]);

  // The scroller is a reversed column: its offset is 0 at the newest message, negative above.
  function noteScroll({ currentTarget: box }: UIEvent) {
    const isNearTop = box.scrollHeight - box.clientHeight + box.scrollTop < nearTopPx;
    if (isNearTop && thread.history === 'more') onOlder();
  }

  return (
    <section className="thread" aria-labelledby="thread-name">
      <header>
        <Link className="icon-button" href="/chat" aria-label={text.back} title={text.back}>
          <ArrowLeft size={19} aria-hidden="true" />
        </Link>
        <ContactFace contact={contact} channel={inbox.channel} />
        <div className="thread-who">
          <h2 id="thread-name" ref={heading} tabIndex={-1}>
            {nameOf(contact)}
          </h2>
          <p>
            {contact.name && `${formatPhone(contact.phoneNumber)} · `}
            {inbox.name}
          </p>
        </div>
      </header>
      <div className="scroller" onScroll={noteScroll}>
        <div className="messages" role="log" aria-busy={thread.history === 'loading'}>
          <History history={thread.history} onOlder={onOlder} />
          {thread.history === 'complete' && thread.messages.length === 0 && (
            <p className="history">{text.none}</p>
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
  const text = useStore(chatText);
  const shell = useStore(shellText);
  switch (history) {
    case 'complete':
      return null;
    case 'loading':
      return <p className="history">{shell.loading}</p>;
    case 'more':
      return (
        <p className="history">
          <button type="button" onClick={onOlder}>
            {text.older}
          </button>
        </p>
      );
    case 'failed':
      return (
        <p className="history" role="alert">
          {text.failed}{' '}
          <button type="button" onClick={onOlder}>
            {shell.tryAgain}
          </button>
        </p>
      );
  }
}

type EntryProps = { message: Message; before: Message | undefined; now: number };

function Entry({ message, before, now }: EntryProps) {
  const { dayOf } = useFormat();
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
  const text = useStore(chatText);
  const { timeOfDay } = useFormat();
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
  const text = useStore(messageText);
  const labelOf = useLabelOf();
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
