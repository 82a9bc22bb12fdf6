import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { components } from '../../inbox-client/generated/api';
import { useAnswer, useDeed } from '../rest';
import { Form } from './Form';
import { settingsText } from './text';

type Inbox = components['schemas']['InboxInFull'];

const secrets = ['accessToken', 'appSecret', 'verifyToken'] as const;

/** The connections to channels. Secrets are only told to be there. */
export function Inboxes() {
  const text = useStore(settingsText);
  const [editing, setEditing] = useState<Inbox | 'new' | null>(null);
  const { data, isError } = useAnswer(['inboxes'], (api, signal) =>
    api.GET('/api/inboxes', { signal }),
  );
  const add = useDeed(['inboxes'], (api, body: components['schemas']['NewInbox']) =>
    api.POST('/api/inboxes', { body }),
  );
  const change = useDeed(
    ['inboxes'],
    (api, { id, ...body }: components['schemas']['InboxChanges'] & { id: string }) =>
      api.PATCH('/api/inboxes/{id}', { params: { path: { id } }, body }),
  );

  function save({ name = '', phoneNumberId = '', ...fields }: Record<string, string>) {
    const given = Object.fromEntries(
      secrets.filter((secret) => fields[secret]).map((secret) => [secret, fields[secret]]),
    );
    return editing === 'new' || editing === null
      ? add.ask({ name, phoneNumberId, ...given })
      : change.ask({ id: editing.id, name, ...given });
  }

  if (isError) return <p role="alert">{text.failed}</p>;
  return (
    <>
      {data?.inboxes.length === 0 && <p className="hint">{text.noInboxes}</p>}
      <ul className="entries">
        {data?.inboxes.map((inbox) => (
          <li key={inbox.id}>
            <div>
              <strong>{inbox.name}</strong>
              <span>
                {inbox.channel} · {inbox.phoneNumberId}
              </span>
              <span>
                {text.accessToken}: {inbox.hasAccessToken ? text.kept : text.missing}
              </span>
            </div>
            {inbox.isDisabled && <span className="chip">{text.disabled}</span>}
            <button type="button" className="button" onClick={() => setEditing(inbox)}>
              {text.edit}
            </button>
            <button
              type="button"
              className="button"
              onClick={() => change.run({ id: inbox.id, isDisabled: !inbox.isDisabled })}
            >
              {inbox.isDisabled ? text.enable : text.disable}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button primary" onClick={() => setEditing('new')}>
        {text.add}
      </button>
      {editing && (
        <Form
          heading={editing === 'new' ? text.add : text.edit}
          onSave={save}
          onClose={() => setEditing(null)}
        >
          <label>
            {text.name}
            <input
              name="name"
              required
              maxLength={100}
              defaultValue={editing === 'new' ? '' : editing.name}
            />
          </label>
          {editing === 'new' && (
            <label>
              {text.phoneNumberId}
              <input name="phoneNumberId" required maxLength={100} inputMode="numeric" />
            </label>
          )}
          {secrets.map((secret) => (
            <label key={secret}>
              {text[secret]}
              <input
                name={secret}
                type="password"
                autoComplete="off"
                placeholder={editing === 'new' ? '' : text.keepsOld}
              />
            </label>
          ))}
        </Form>
      )}
    </>
  );
}
