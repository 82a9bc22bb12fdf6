import { useStore } from '@nanostores/react';
import { Plus, X } from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import { useInbox, useLive } from '../../../hooks';
import type { Conversation } from '../../../inbox-client';
import { attempt } from '../attempt';
import { contactText } from './text';

/** What a conversation is labelled with. */
export function Labels({ conversation: { id, labels } }: { conversation: Conversation }) {
  const text = useStore(contactText);
  const inbox = useInbox();
  const [isAdding, setAdding] = useState(false);
  const listId = useId();
  const conversations = useLive((state) => state.conversations);
  const known = useMemo(
    () =>
      isAdding
        ? [...new Set([...conversations.values()].flatMap((each) => each.labels))].sort()
        : [],
    [conversations, isAdding],
  );
  const change = (next: string[]) => void attempt(inbox.label(id, next), text.notSaved);
  const add = (label: string) => {
    setAdding(false);
    if (label && !labels.includes(label)) change([...labels, label]);
  };
  return (
    <section className="contact-part">
      <h3>{text.labels}</h3>
      <ul className="labels">
        {labels.map((label) => (
          <li key={label} className="chip">
            {label}
            <button
              type="button"
              aria-label={text.removeLabel({ label })}
              onClick={() => change(labels.filter((each) => each !== label))}
            >
              <X size={12} aria-hidden="true" />
            </button>
          </li>
        ))}
        <li>
          {isAdding ? (
            <input
              // biome-ignore lint/a11y/noAutofocus: it has just been asked for
              autoFocus
              list={listId}
              dir="auto"
              maxLength={50}
              aria-label={text.newLabel}
              placeholder={text.newLabel}
              onBlur={({ currentTarget }) => add(currentTarget.value.trim())}
              onKeyDown={(event) => {
                if (event.key === 'Enter') add(event.currentTarget.value.trim());
                if (event.key !== 'Escape') return;
                event.stopPropagation();
                event.currentTarget.value = '';
                setAdding(false);
              }}
            />
          ) : (
            <button type="button" className="chip chip-add" onClick={() => setAdding(true)}>
              <Plus size={12} aria-hidden="true" /> {text.addLabel}
            </button>
          )}
          <datalist id={listId}>
            {known.map((label) => (
              <option key={label} value={label} />
            ))}
          </datalist>
        </li>
      </ul>
    </section>
  );
}
