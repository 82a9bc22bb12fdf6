import { useStore } from '@nanostores/react';
import { Check, CheckCheck, CircleAlert, Clock3 } from 'lucide-react';
import type { Message } from '../../inbox-client';
import { messageText } from './text';

const icons = {
  PENDING: Clock3,
  SENT: Check,
  DELIVERED: CheckCheck,
  READ: CheckCheck,
  FAILED: CircleAlert,
};

/** How far an outbound message has got; nothing for an inbound one. */
export function Ticks({ message }: { message: Pick<Message, 'direction' | 'status'> }) {
  const text = useStore(messageText);
  if (message.direction === 'INBOUND') return null;
  const Icon = icons[message.status];
  return (
    <span className={`ticks ${message.status}`} title={text[message.status]}>
      <Icon size={15} aria-hidden="true" />
      <span className="unseen">{text[message.status]}</span>
    </span>
  );
}
