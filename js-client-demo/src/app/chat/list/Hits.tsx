import { useStore } from '@nanostores/react';
import { Link } from 'wouter';
import { useLive } from '../../../hooks';
import { nameOf, useFormat } from '../../format';
import { useNow } from '../../now';
import { ContactFace } from '../../ui/ContactFace';
import type { Found } from './found';
import { listText } from './text';

/** The messages in which the server has found the words. */
export function Hits({ found: { state, hits } }: { found: Found }) {
  const text = useStore(listText);
  const format = useFormat();
  const now = useNow();
  const conversations = useLive((held) => held.conversations);
  if (state === 'idle') return null;
  if (state === 'failed') {
    return (
      <p className="chat-rows-foot" role="alert">
        {text.searchFailed}
      </p>
    );
  }
  if (state === 'searching') return <p className="chat-rows-foot">{text.searching}</p>;
  if (hits.length === 0) return null;
  return (
    <section className="chat-hits" aria-label={text.inMessages}>
      <h2>{text.inMessages}</h2>
      {hits.map(({ conversationId, message }) => {
        const conversation = conversations.get(conversationId);
        return (
          <Link
            key={message.id}
            className="chat-row"
            href={`/chat/${conversationId}?message=${message.id}`}
          >
            <ContactFace
              contact={message.contact}
              channel={conversation?.inbox.channel ?? ''}
              size={44}
            />
            <span className="chat-row-who">
              <b dir="auto">{nameOf(message.contact)}</b>
              <time dateTime={message.timestamp}>{format.timeAgo(message.timestamp, now)}</time>
            </span>
            <span className="chat-row-last">
              <span className="chat-row-words" dir="auto">
                {message.content}
              </span>
            </span>
          </Link>
        );
      })}
    </section>
  );
}
