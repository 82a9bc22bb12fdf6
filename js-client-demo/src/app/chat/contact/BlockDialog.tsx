import { useStore } from '@nanostores/react';
import { useEffect, useRef } from 'react';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import { attempt } from '../attempt';
import type { Details } from './details';
import { contactText } from './text';

type Props = {
  id: string;
  name: string;
  onBlocked: (details: Details) => void;
  onClose: () => void;
};

/** Asks whether a contact is really to be blocked. */
export function BlockDialog({ id, name, onBlocked, onClose }: Props) {
  const text = useStore(contactText);
  const inbox = useInbox();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  async function block() {
    dialog.current?.close();
    const asked = answer(inbox.api.POST('/api/contacts/{id}/block', { params: { path: { id } } }));
    if (await attempt(asked, text.notSaved)) onBlocked((await asked) as unknown as Details);
  }
  return (
    <dialog ref={dialog} aria-label={text.blockTitle({ name })} onClose={onClose}>
      <h2>{text.blockTitle({ name })}</h2>
      <p>{text.blockWhy}</p>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {text.cancel}
        </button>
        <button type="button" className="button danger" onClick={() => void block()}>
          {text.block}
        </button>
      </div>
    </dialog>
  );
}
