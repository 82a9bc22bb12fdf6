import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { Link, useParams } from 'wouter';
import { activityOf } from '../../inbox-client/desk';
import { nameOf, useFormat, useLabelOf } from '../format';
import { useDesk, useInbox } from '../live';
import { useNow } from '../now';
import { ContactFace } from '../ui/ContactFace';
import { Thread } from './Thread';
import { chatText } from './text';
import './chat.css';

/** The conversations, and the messages of the one that stands in the address. */
export function ChatScreen() {
  const text = useStore(chatText);
  const { id = null } = useParams();
  const inbox = useInbox();
  const desk = useDesk();
  const now = useNow();
  const format = useFormat();
  const labelOf = useLabelOf();
  useEffect(() => {
    inbox.open(id);
    return () => inbox.open(null);
  }, [inbox, id]);

  if (!desk) return <div className="chat" aria-busy="true" />;
  const open = id === null ? undefined : desk.conversations[id];
  const listed = Object.values(desk.conversations).sort((a, b) =>
    activityOf(a) < activityOf(b) ? 1 : -1,
  );
  return (
    <div className="chat" data-open={open !== undefined}>
      <nav className="chat-list" aria-label={text.conversations}>
        {listed.map((each) => (
          <Link key={each.id} href={`/chat/${each.id}`} aria-current={each.id === id}>
            <ContactFace contact={each.contact} channel={each.inbox.channel} size={42} />
            <strong>{nameOf(each.contact)}</strong>
            <time dateTime={activityOf(each)}>{format.timeAgo(activityOf(each), now)}</time>
            <span>
              {each.lastMessage && (each.lastMessage.content || labelOf(each.lastMessage))}
            </span>
          </Link>
        ))}
      </nav>
      {open && desk.thread?.conversationId === open.id ? (
        <Thread conversation={open} thread={desk.thread} now={now} onOlder={inbox.loadOlder} />
      ) : (
        <p className="empty">{text.choose}</p>
      )}
    </div>
  );
}
