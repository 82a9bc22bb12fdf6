import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { useInbox, useInboxState } from '../live';
import { shellText } from './text';

/** Drops shorter than this are nobody's concern. */
const patienceMs = 1_500;

/** Says, below the bar, what follows from a connection that is not live. */
export function Notice() {
  const text = useStore(shellText);
  const { link } = useInboxState();
  const inbox = useInbox();
  const kind = link === 'polling' || link === 'offline' ? link : null;
  const shown = useLasting(kind);
  if (!shown) return null;
  return (
    <div className="notice" data-link={shown} role="alert">
      <p>{shown === 'polling' ? text.pollingNotice : text.offlineNotice}</p>
      <button type="button" className="button" onClick={inbox.retry}>
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
