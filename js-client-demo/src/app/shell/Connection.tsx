import { useStore } from '@nanostores/react';
import { useId } from 'react';
import type { Link } from '../../inbox-client/connect';
import { useInbox, useInboxState } from '../live';
import { shellText } from './text';
import './connection.css';

const words = {
  connecting: 'linkConnecting',
  live: 'linkLive',
  polling: 'linkPolling',
  offline: 'linkOffline',
} as const satisfies Record<Link, string>;

/** How live the page is: in a word, a shape and a colour, read out when it changes. */
export function Connection() {
  const text = useStore(shellText);
  const { link } = useInboxState();
  const inbox = useInbox();
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="connection"
        data-link={link}
        popoverTarget={id}
        title={text.linkDetails}
      >
        <span className="connection-shape" aria-hidden="true" />
        <span role="status">{text[words[link]]}</span>
      </button>
      <div id={id} popover="auto" className="popover connection-details">
        <button type="button" className="button" onClick={inbox.retry}>
          {text.linkTryNow}
        </button>
      </div>
    </>
  );
}
