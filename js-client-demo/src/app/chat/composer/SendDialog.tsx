import { useStore } from '@nanostores/react';
import { type ReactNode, useEffect, useRef } from 'react';
import { composerText } from './text';
import './send-form.css';

type Props = {
  title: string;
  children: ReactNode;
  /** Told what stands in the fields; the dialog closes. */
  onSend: (fields: FormData) => void;
  onClose: () => void;
};

/** A form over everything else, that ends in something being sent. */
export function SendDialog({ title, children, onSend, onClose }: Props) {
  const text = useStore(composerText);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <form
        className="send-form"
        onSubmit={(event) => {
          event.preventDefault();
          onSend(new FormData(event.currentTarget));
          dialog.current?.close();
        }}
      >
        <h2>{title}</h2>
        {children}
        <span className="dialog-foot">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {text.cancel}
          </button>
          <button type="submit" className="button primary">
            {text.send}
          </button>
        </span>
      </form>
    </dialog>
  );
}
