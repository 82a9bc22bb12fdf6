import { useStore } from '@nanostores/react';
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { shellText } from '../shell/text';

type Props = {
  heading: string;
  /** What the fields hold, by their names; the dialog closes when the promise is kept. */
  onSave: (fields: Record<string, string>) => Promise<unknown>;
  onClose: () => void;
  action?: string;
  children: ReactNode;
};

/** A dialog of some fields. What the server refuses leaves it open, with all that was written. */
export function Form({ heading, onSave, onClose, action, children }: Props) {
  const shell = useStore(shellText);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    );
    // Whoever asks the server has already told why it refused.
    onSave(fields).then(
      () => dialog.current?.close(),
      () => {},
    );
  }

  return (
    <dialog ref={dialog} onClose={onClose} aria-label={heading}>
      <form onSubmit={save}>
        <h2>{heading}</h2>
        {children}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {shell.cancel}
          </button>
          <button type="submit" className="button primary">
            {action ?? shell.save}
          </button>
        </div>
      </form>
    </dialog>
  );
}
