import { useStore } from '@nanostores/react';
import { useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import { attempt } from '../attempt';
import type { Details } from './details';
import { contactText } from './text';

type Props = { details: Details; onSaved: (details: Details) => void };

/** What the team notes about a contact; what is written there is kept when one leaves the field. */
export function Notes({ details, onSaved }: Props) {
  const text = useStore(contactText);
  const inbox = useInbox();
  // Who has written nothing sees what colleagues note meanwhile, and does not overwrite it.
  const [written, setWritten] = useState<string | null>(null);
  const [state, setState] = useState<'idle' | 'saving' | 'saved'>('idle');
  async function save() {
    const notes = written;
    if (notes === null || notes === details.notes) return setWritten(null);
    setState('saving');
    const params = { path: { id: details.id } };
    const asked = answer(inbox.api.PATCH('/api/contacts/{id}', { params, body: { notes } }));
    const worked = await attempt(asked, text.notSaved);
    setState(worked ? 'saved' : 'idle');
    if (!worked) return;
    onSaved((await asked) as unknown as Details);
    setWritten((now) => (now === notes ? null : now));
  }
  return (
    <label className="contact-part contact-notes">
      <span>
        {text.notes}
        <small role="status">{state === 'idle' ? '' : text[state]}</small>
      </span>
      <textarea
        rows={3}
        dir="auto"
        maxLength={10_000}
        value={written ?? details.notes}
        placeholder={text.notesPlaceholder}
        onChange={({ target }) => {
          setWritten(target.value);
          setState('idle');
        }}
        onBlur={() => void save()}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </label>
  );
}
