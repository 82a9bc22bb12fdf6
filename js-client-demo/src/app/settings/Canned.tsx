import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { components } from '../../inbox-client/generated/api';
import { useAnswer, useDeed } from '../rest';
import { shellText } from '../shell/text';
import { Field } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type Canned = components['schemas']['CannedResponse'];

const key = ['canned'];

/** What agents call up by `/`. */
export function Canned() {
  const text = useStore(settingsText);
  const shell = useStore(shellText);
  const [editing, setEditing] = useState<Canned | 'new' | null>(null);
  const { data, isLoadingError } = useAnswer(key, (api, signal) =>
    api.GET('/api/canned-responses', { signal }),
  );
  const add = useDeed(key, (api, body: { shortcut: string; content: string }) =>
    api.POST('/api/canned-responses', { body }),
  );
  const change = useDeed(key, (api, { id, ...body }: Canned) =>
    api.PATCH('/api/canned-responses/{id}', { params: { path: { id } }, body }),
  );
  const remove = useDeed(key, (api, id: string) =>
    api.DELETE('/api/canned-responses/{id}', { params: { path: { id } } }),
  );

  if (isLoadingError) return <p role="alert">{text.failed}</p>;
  return (
    <>
      {data?.cannedResponses.length === 0 && <p className="hint">{text.noCanned}</p>}
      <ul className="entries">
        {data?.cannedResponses.map((each) => (
          <li key={each.id}>
            <div>
              <strong>/{each.shortcut}</strong>
              <span>{each.content}</span>
            </div>
            <span className="acts">
              <button type="button" className="button" onClick={() => setEditing(each)}>
                {text.edit}
              </button>
              <button type="button" className="button danger" onClick={() => remove.run(each.id)}>
                {shell.remove}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <button type="button" className="button primary" onClick={() => setEditing('new')}>
        {text.add}
      </button>
      {editing && (
        <Form
          heading={editing === 'new' ? text.add : text.edit}
          onSave={({ shortcut = '', content = '' }) =>
            editing === 'new'
              ? add.ask({ shortcut, content })
              : change.ask({ id: editing.id, shortcut, content })
          }
          onClose={() => setEditing(null)}
        >
          <Field
            label={text.shortcut}
            name="shortcut"
            required
            maxLength={40}
            pattern="[\p{L}\d_\-]+"
            title={text.shortcutHint}
            defaultValue={editing === 'new' ? '' : editing.shortcut}
          />
          <label>
            {text.content}
            <textarea
              name="content"
              dir="auto"
              required
              maxLength={4096}
              rows={5}
              defaultValue={editing === 'new' ? '' : editing.content}
            />
          </label>
        </Form>
      )}
    </>
  );
}
