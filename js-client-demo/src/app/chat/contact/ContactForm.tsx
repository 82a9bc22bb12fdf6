import { useStore } from '@nanostores/react';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import { attempt } from '../attempt';
import type { Details } from './details';
import { contactText } from './text';

type Props = { details: Details; onDone: () => void; onSaved: (details: Details) => void };

/** What a contact is called, and where else they are reached. */
export function ContactForm({ details, onDone, onSaved }: Props) {
  const text = useStore(contactText);
  const inbox = useInbox();
  async function save(fields: FormData) {
    const [name, email] = [fields.get('name'), fields.get('email')].map(
      (value) => String(value).trim() || null,
    );
    const params = { path: { id: details.id } };
    const body = { name: name ?? null, email: email ?? null };
    const asked = answer(inbox.api.PATCH('/api/contacts/{id}', { params, body }));
    if (!(await attempt(asked, text.notSaved))) return;
    onSaved((await asked) as unknown as Details);
    onDone();
  }
  return (
    <form
      className="contact-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save(new FormData(event.currentTarget));
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onDone();
      }}
    >
      <label>
        {text.name}
        <input
          name="name"
          dir="auto"
          maxLength={100}
          defaultValue={details.name ?? ''}
          placeholder={text.namePlaceholder}
        />
      </label>
      <label>
        {text.email}
        <input name="email" type="email" maxLength={254} defaultValue={details.email ?? ''} />
      </label>
      <span className="dialog-foot">
        <button type="button" className="button" onClick={onDone}>
          {text.cancel}
        </button>
        <button type="submit" className="button primary">
          {text.save}
        </button>
      </span>
    </form>
  );
}
