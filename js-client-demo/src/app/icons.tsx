import type { Message, MessageStatus } from '../inbox-client/wire';
import { text } from './text';

const shapes = {
  clock: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Zm0 2.4V8l1.7 1.2',
  tick: 'm3.2 8.6 3 3 6.6-7',
  ticks: 'm1.2 8.6 3 3 6.4-7M7.6 11l.7.6 6.4-7',
  alert: 'M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 0 0 8 2.4Zm0 2.8v3.4m0 2.2v.1',
  image: 'M3 3.5h10v9H3zM3 11l3-3 2.4 2.4L10 9l3 2.6M10.4 6.2v.1',
  video: 'M2.5 4.5h7.5v7H2.5zM10 7.2 13.5 5v6L10 8.8',
  audio:
    'M8 2.5a1.8 1.8 0 0 0-1.8 1.8v3.4a1.8 1.8 0 0 0 3.6 0V4.3A1.8 1.8 0 0 0 8 2.5ZM3.8 7.5a4.2 4.2 0 0 0 8.4 0M8 11.7v2',
  document: 'M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 8.5h4M6 11h4',
  location:
    'M8 14s4.5-4 4.5-7.2a4.5 4.5 0 0 0-9 0C3.5 10 8 14 8 14Zm0-8.8a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2Z',
  whatsapp: 'M3 13.2l.8-2.7a5.4 5.4 0 1 1 2 1.9zM6.2 5.9c-.3 2 1.9 4.2 3.9 3.9',
  close: 'm4 4 8 8m0-8-8 8',
  leave: 'M6.5 2.8H3v10.4h3.5M10 5l3 3-3 3m3-3H6.5',
};

/** A line drawing that says nothing by itself: words stand beside it. */
export function Icon({ name }: { name: keyof typeof shapes }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** The product's mark. */
export function Logo() {
  return <img className="logo" src="/favicon.svg" alt="" width="32" height="32" />;
}

const tickShapes = {
  PENDING: 'clock',
  SENT: 'tick',
  DELIVERED: 'ticks',
  READ: 'ticks',
  FAILED: 'alert',
} as const;

/** How far an outbound message has got; nothing for an inbound one. */
export function Ticks({ message }: { message: Message }) {
  if (message.direction === 'INBOUND') return null;
  return (
    <span className={`ticks ${message.status}`} title={text.ticks[message.status]}>
      <Icon name={tickShapes[message.status satisfies MessageStatus]} />
      <span className="unseen">{text.ticks[message.status]}</span>
    </span>
  );
}

const typeShapes = {
  IMAGE: 'image',
  VIDEO: 'video',
  AUDIO: 'audio',
  DOCUMENT: 'document',
  LOCATION: 'location',
} as const;

/** The sign of a message that is more than text. */
export function TypeIcon({ type }: { type: Message['type'] }) {
  return type === 'TEXT' ? null : <Icon name={typeShapes[type]} />;
}
