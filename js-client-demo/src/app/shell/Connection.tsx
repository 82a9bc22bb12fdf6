import { useStore } from '@nanostores/react';
import { useId, useState } from 'react';
import { useConnection, useInbox } from '../../hooks';
import type { Connection as Joined } from '../../inbox-client';
import { useFormat } from '../format';
import { useNow } from '../now';
import { shellText } from './text';
import './connection.css';

const words = {
  connecting: 'linkConnecting',
  connected: 'linkLive',
  polling: 'linkPolling',
  disconnected: 'linkOffline',
  error: 'linkError',
} as const satisfies Record<Joined['status'], string>;

/** How live the page is: in a word, a shape and a colour, read out when it changes. */
export function Connection() {
  const text = useStore(shellText);
  const { status, latencyMs } = useConnection();
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="connection"
        data-status={status}
        popoverTarget={id}
        title={text.linkDetails}
      >
        <span className="connection-shape" aria-hidden="true" />
        <span role="status">{text[words[status]]}</span>
        {status === 'connected' && latencyMs !== null && (
          <small>{text.milliseconds({ ms: Math.round(latencyMs) })}</small>
        )}
      </button>
      <div
        id={id}
        popover="auto"
        className="popover connection-details"
        onToggle={({ newState }) => setOpen(newState === 'open')}
      >
        {isOpen && <Details />}
      </div>
    </>
  );
}

function Details() {
  const text = useStore(shellText);
  const format = useFormat();
  const inbox = useInbox();
  const { transport, latencyMs, attempt, nextRetryAt, error } = useConnection();
  const { cursor } = inbox;
  const now = useNow(1_000);
  const wait = nextRetryAt === null ? null : Math.max(0, Math.ceil((nextRetryAt - now) / 1_000));
  return (
    <>
      <dl>
        <dt>{text.linkTransport}</dt>
        <dd>{transport ?? text.linkNone}</dd>
        <dt>{text.linkLatency}</dt>
        <dd>{latencyMs === null ? '–' : text.milliseconds({ ms: Math.round(latencyMs) })}</dd>
        <dt>{text.linkCursor}</dt>
        <dd>{cursor === null ? '–' : format.number(cursor)}</dd>
        <dt>{text.linkAttempt}</dt>
        <dd>{format.number(attempt)}</dd>
        <dt>{text.linkNextTry}</dt>
        <dd>{wait === null ? '–' : text.inSeconds({ seconds: wait })}</dd>
        <dt>{text.linkLastError}</dt>
        <dd>{error ?? '–'}</dd>
      </dl>
      <button type="button" className="button" onClick={() => inbox.reconnect()}>
        {text.linkTryNow}
      </button>
    </>
  );
}
