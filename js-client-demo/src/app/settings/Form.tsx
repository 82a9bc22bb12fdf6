import { useStore } from '@nanostores/react';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useRefusals } from '../refusals/reason';
import { shellText } from '../shell/text';

type Props = {
  heading: string;
  /** What the fields hold, by their names; the dialog closes when the promise is kept. */
  onSave: (fields: Record<string, string>) => Promise<unknown>;
  onClose: () => void;
  action?: string;
  /** `false` while something that it takes is not there yet. */
  canSave?: boolean;
  children: ReactNode;
};

/** A dialog of some fields. What the server refuses leaves it open, says why, and keeps all that was written. */
export function Form({ heading, onSave, onClose, action, canSave = true, children }: Props) {
  const shell = useStore(shellText);
  const wordsFor = useRefusals();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isSaving, setSaving] = useState(false);
  const [refusal, setRefusal] = useState('');
  useEffect(() => dialog.current?.showModal(), []);

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isSaving || !canSave) return;
    const fields = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    );
    setSaving(true);
    setRefusal('');
    onSave(fields).then(
      () => dialog.current?.close(),
      (problem: unknown) => {
        setSaving(false);
        setRefusal(wordsFor(problem));
      },
    );
  }

  return (
    <dialog ref={dialog} onClose={onClose} aria-label={heading}>
      <form onSubmit={save}>
        <h2>{heading}</h2>
        {children}
        {refusal && (
          <p className="refusal" role="alert">
            {refusal}
          </p>
        )}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {shell.cancel}
          </button>
          <button type="submit" className="button primary" disabled={isSaving || !canSave}>
            {action ?? shell.save}
          </button>
        </div>
      </form>
    </dialog>
  );
}
