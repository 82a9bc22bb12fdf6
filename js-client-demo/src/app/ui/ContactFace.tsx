import { useStore } from '@nanostores/react';
import { Globe, MessageCircle, MessagesSquare } from 'lucide-react';
import type { Contact } from '../../inbox-client';
import { nameOf } from '../format';
import { Avatar } from './Avatar';
import { messageText } from './text';
import './contact-face.css';

const channels = { whatsapp: MessageCircle, live_chat: Globe, chatwoot: MessagesSquare } as const;

/** A kind of provider. */
type Channel = keyof typeof channels;

type Props = { contact: Contact; channel: string; size?: number };

/** A contact's disc, with the sign of the channel that they write through. */
export function ContactFace({ contact, channel, size = 36 }: Props) {
  const text = useStore(messageText);
  const known = channel in channels ? (channel as Channel) : 'chatwoot';
  const Icon = channels[known];
  return (
    <span className="face">
      <Avatar id={contact.id} name={nameOf(contact)} size={size} />
      <span className="face-channel" data-channel={known} title={text[known]}>
        <Icon size={10} strokeWidth={2.4} aria-hidden="true" />
        <span className="unseen">{text[known]}</span>
      </span>
    </span>
  );
}
