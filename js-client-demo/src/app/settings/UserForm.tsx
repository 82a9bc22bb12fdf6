import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { Role } from '../../inbox-client';
import type { components } from '../../inbox-client/generated/api';
import { useAnswer, useDeed } from '../rest';
import { shellText } from '../shell/text';
import { Choice, Field } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type User = components['schemas']['User'];

const key = ['users'];
/** Before the identifier of an inbox, in the name of the field that says whether it is seen. */
const sees = 'sees:';

/** Adds somebody, or changes who somebody is and what they may do; `null` for somebody new. */
export function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const text = useStore(settingsText);
  const shell = useStore(shellText);
  const [seesAll, setSeesAll] = useState(!user?.inboxes);
  const inboxes = useAnswer(['inboxes'], (api, signal) => api.GET('/api/inboxes', { signal }));
  const add = useDeed(key, (api, body: components['schemas']['NewUser']) =>
    api.POST('/api/users', { body }),
  );
  const change = useDeed(
    key,
    (api, { id, ...body }: components['schemas']['UserChanges'] & { id: string }) =>
      api.PATCH('/api/users/{id}', { params: { path: { id } }, body }),
  );
  const renew = useDeed(key, (api, { id, password }: { id: string; password: string }) =>
    api.PUT('/api/users/{id}/password', { params: { path: { id } }, body: { password } }),
  );

  /** Whether there is nothing to choose from yet. */
  const isLacking = !seesAll && !inboxes.data;

  async function save(fields: Record<string, string>): Promise<unknown> {
    const { name = '', email = '', password = '', role = 'agent' } = fields;
    const chosen = Object.keys(fields).filter((field) => field.startsWith(sees));
    const only = seesAll ? null : chosen.map((field) => field.slice(sees.length));
    // Where none could be chosen, those that are seen stay.
    const told = { name, role: role as Role, ...(!isLacking && { inboxes: only }) };
    if (!user) return add.ask({ ...told, email, password });
    const changed = await change.ask({ id: user.id, ...told });
    return password ? renew.ask({ id: user.id, password }) : changed;
  }

  return (
    <Form
      heading={user ? text.edit : text.add}
      onSave={save}
      onClose={onClose}
      canSave={!isLacking || Boolean(user?.inboxes)}
    >
      <Field
        label={text.name}
        name="name"
        required
        maxLength={100}
        defaultValue={user?.name ?? ''}
      />
      {!user && <Field label={text.email} name="email" type="email" required autoComplete="off" />}
      <Field
        label={text.password}
        name="password"
        type="password"
        required={!user}
        minLength={8}
        maxLength={200}
        autoComplete="new-password"
        placeholder={user ? text.keepsOld : ''}
      />
      <label>
        {text.role}
        <select name="role" defaultValue={user?.role ?? 'agent'}>
          <option value="agent">{text.agent}</option>
          <option value="admin">{text.admin}</option>
          {user?.role === 'operator' && <option value="operator">{text.operator}</option>}
        </select>
      </label>
      <fieldset>
        <legend>{text.seesInboxes}</legend>
        <Choice
          label={text.allInboxes}
          checked={seesAll}
          onChange={(event) => setSeesAll(event.target.checked)}
        />
        {isLacking && (
          <p className="hint" role={inboxes.isError ? 'alert' : 'status'}>
            {inboxes.isError ? text.failed : shell.loading}
          </p>
        )}
        {!seesAll &&
          inboxes.data?.inboxes.map(({ id, name }) => (
            <Choice
              key={id}
              label={name}
              name={sees + id}
              defaultChecked={user?.inboxes?.includes(id) ?? false}
            />
          ))}
      </fieldset>
    </Form>
  );
}
