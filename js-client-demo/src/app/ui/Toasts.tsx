import { useStore } from '@nanostores/react';
import { X } from 'lucide-react';
import { shellText } from '../shell/text';
import { dismiss, toasts } from './toasts';
import './toasts.css';

/** What the user is told, at the bottom, read out when it comes. */
export function Toasts() {
  const text = useStore(shellText);
  return (
    <div className="toasts" role="status">
      {useStore(toasts).map(({ id, words, tone, undo }) => (
        <div key={id} className="toast" data-tone={tone}>
          <p>{words}</p>
          {undo && (
            <button
              type="button"
              className="toast-undo"
              onClick={() => {
                undo();
                dismiss(id);
              }}
            >
              {text.undo}
            </button>
          )}
          <button
            type="button"
            className="toast-close"
            aria-label={text.dismiss}
            onClick={() => dismiss(id)}
          >
            <X size={16} aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
