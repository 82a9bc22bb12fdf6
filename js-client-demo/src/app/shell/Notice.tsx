import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { useConnection, useInbox } from '../../hooks';
import { shellText } from './text';

/** Drops shorter than this are nobody's concern. */
const patienceMs = 1_500;

const words = {
  polling: 'pollingNotice',
  disconnected: 'offlineNotice',
  error: 'errorNotice',
} as const;

/** Says, below the bar, what follows from a connection that is not live. */
export function Notice() {
  const text = useStore(shellText);
  const inbox = useInbox();
  const { status } = useConnection();
  const shown = useLasting(status in words ? (status as keyof typeof words) : null);
  if (!shown) return null;
  return (
    <div className="notice" data-status={shown} role="alert">
      <p>{text[words[shown]]}</p>
      <button type="button" className="button" onClick={() => inbox.reconnect()}>
        {text.linkTryNow}
      </button>
    </div>
  );
}

/** The value once it has lasted; nothing at once. */
function useLasting<Value>(value: Value | null): Value | null {
  const [lasting, setLasting] = useState<Value | null>(null);
  useEffect(() => {
    if (value === null) return setLasting(null);
    const timer = setTimeout(setLasting, patienceMs, value);
    return () => clearTimeout(timer);
  }, [value]);
  return value === null ? null : lasting;
}
