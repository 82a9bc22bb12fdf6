import { useStore } from '@nanostores/react';
import { Link, useParams } from 'wouter';
import { useChats, useLive, useMessages } from '../../hooks';
import { activityOf, type Conversation } from '../../inbox-client';
import { nameOf, useFormat, useLabelOf } from '../format';
import { useNow } from '../now';
import { ContactFace } from '../ui/ContactFace';
import { Thread } from './Thread';
import { chatText } from './text';
import './chat.css';

/** The conversations, and the messages of the one that stands in the address. */
export function ChatScreen() {
  const text = useStore(chatText);
  const { id = '' } = useParams();
  const { chats } = useChats();
  const open = useLive((state) => state.conversations.get(id) ?? null);
  const now = useNow();
  const format = useFormat();
  const labelOf = useLabelOf();
  return (
    <div className="chat" data-open={open !== null}>
      <nav className="chat-list" aria-label={text.conversations}>
        {chats.map((each) => (
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
      {open ? <Open conversation={open} now={now} /> : <p className="empty">{text.choose}</p>}
    </div>
  );
}

function Open({ conversation, now }: { conversation: Conversation; now: number }) {
  const thread = useMessages(conversation.id);
  return (
    <Thread conversation={conversation} thread={thread} now={now} onOlder={thread.loadOlder} />
  );
}
