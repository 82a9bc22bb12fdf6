import { useStore } from '@nanostores/react';
import { CircleAlert, CircleHelp } from 'lucide-react';
import { useRef } from 'react';
import type { Entry } from '../../../inbox-client';
import { useReasons } from '../../refusals/reason';
import { composerText } from '../composer/text';
import { useActs } from './acts';
import { threadText } from './text';

type Props = { entry: Entry; isOnline: boolean };

/** Why a message was not sent, or that nobody knows; and what can be done about it. */
export function Failure({ entry, isOnline }: Props) {
  const text = useStore(threadText);
  const reason = useReasons();
  const { retry, discard } = useActs();
  const { outgoing, status, error } = entry;
  if (outgoing?.state === 'waiting' && !isOnline) {
    return <p className="message-wait">{text.waitingForNet}</p>;
  }
  if (status === 'PENDING' && error?.code === 'outcome_unknown') return <Unknown entry={entry} />;
  if (status !== 'FAILED') return null;
  const why = reason(outgoing ? outgoing.reason : error);
  return (
    <p className="message-failed" role="alert">
      <CircleAlert size={14} aria-hidden="true" />
      <span>
        {text.notSent}
        {why && `. ${why}`}
      </span>
      <button type="button" onClick={() => retry(entry)}>
        {text.tryAgain}
      </button>
      {outgoing && (
        <button type="button" onClick={() => discard(entry)}>
          {text.discard}
        </button>
      )}
    </p>
  );
}

/** Nobody knows whether it was sent: once more only for who says so, knowing what that may mean. */
function Unknown({ entry }: { entry: Entry }) {
  const text = useStore(threadText);
  const { cancel } = useStore(composerText);
  const { retry } = useActs();
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <p className="message-failed" data-unknown="true">
      <CircleHelp size={14} aria-hidden="true" />
      <span>{text.unknown}</span>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {text.force}
      </button>
      <dialog ref={dialog} aria-label={text.forceTitle}>
        <h2>{text.forceTitle}</h2>
        <p>{text.forceWhy}</p>
        <span className="dialog-foot">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {cancel}
          </button>
          <button
            type="button"
            className="button danger"
            onClick={() => {
              dialog.current?.close();
              retry(entry, true);
            }}
          >
            {text.force}
          </button>
        </span>
      </dialog>
    </p>
  );
}
