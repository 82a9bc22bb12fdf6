import { useStore } from '@nanostores/react';
import { useEffect, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer, type Contact } from '../../../inbox-client';
import { formatPhone, nameOf } from '../../format';
import { Avatar } from '../../ui/Avatar';
import { attempt } from '../attempt';
import type { Details } from './details';
import { contactText } from './text';

type Props = { details: Details; onMerged: (into: Contact) => void; onClose: () => void };

const restMs = 200;

/** Chooses who a contact is in truth. */
export function MergeDialog({ details, onMerged, onClose }: Props) {
  const text = useStore(contactText);
  const inbox = useInbox();
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState('');
  const [found, setFound] = useState<readonly Contact[]>([]);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let isWanted = true;
    const query = { limit: 8, ...(words.trim() && { q: words.trim() }) };
    const timer = setTimeout(
      () =>
        answer(inbox.api.GET('/api/contacts', { params: { query } })).then(
          ({ contacts }) => isWanted && setFound(contacts.filter(({ id }) => id !== details.id)),
          () => {},
        ),
      restMs,
    );
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [inbox, words, details.id]);
  async function merge(into: Contact) {
    const params = { path: { id: details.id } };
    const asked = answer(
      inbox.api.POST('/api/contacts/{id}/merge', { params, body: { into: into.id } }),
    );
    if (!(await attempt(asked, text.notSaved))) return;
    dialog.current?.close();
    onMerged(into);
  }
  const title = text.mergeTitle({ name: nameOf(details) });
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2>{title}</h2>
      <p>{text.mergeWhy}</p>
      <input
        className="merge-search"
        type="search"
        dir="auto"
        value={words}
        aria-label={text.mergeSearch}
        placeholder={text.mergeSearch}
        onChange={({ target }) => setWords(target.value)}
      />
      <ul className="merge-list">
        {found.map((contact) => (
          <li key={contact.id}>
            <button type="button" onClick={() => void merge(contact)}>
              <Avatar id={contact.id} name={nameOf(contact)} />
              <span>
                <b dir="auto">{nameOf(contact)}</b>
                <small>{formatPhone(contact.phoneNumber)}</small>
              </span>
            </button>
          </li>
        ))}
        {found.length === 0 && <li>{text.mergeNone}</li>}
      </ul>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {text.cancel}
        </button>
      </div>
    </dialog>
  );
}
