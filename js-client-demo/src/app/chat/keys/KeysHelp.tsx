import { useStore } from '@nanostores/react';
import { useEffect, useRef } from 'react';
import { keysText } from './text';

const keys = [
  ['next', ['J']],
  ['previous', ['K']],
  ['reply', ['Enter', 'R']],
  ['note', ['N']],
  ['resolve', ['E']],
  ['unread', ['U']],
  ['search', ['Ctrl+K', '/']],
  ['find', ['F']],
  ['leave', ['Esc']],
  ['send', ['Enter']],
  ['breakLine', ['Shift+Enter']],
  ['canned', ['/']],
  ['help', ['?']],
] as const;

/** All that can be done by keyboard. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const text = useStore(keysText);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label={text.title} onClose={onClose}>
      <h2>{text.title}</h2>
      <dl className="keys">
        {keys.map(([what, ways]) => (
          <div key={what}>
            <dt>{text[what]}</dt>
            <dd>
              {ways.map((way, index) => (
                <span key={way}>
                  {index > 0 && ` ${text.or} `}
                  <kbd>{way}</kbd>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {text.close}
        </button>
      </div>
    </dialog>
  );
}
