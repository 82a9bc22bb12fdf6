import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { Role } from '../../inbox-client';
import type { components } from '../../inbox-client/generated/api';
import { useAnswer, useDeed } from '../rest';
import { Avatar } from '../ui/Avatar';
import { Form } from './Form';
import { settingsText } from './text';

type User = components['schemas']['User'];

/** The tenant's people: what they may do, and whether they may sign in. */
export function Users() {
  const text = useStore(settingsText);
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const { data, isError } = useAnswer(['users'], (api, signal) =>
    api.GET('/api/users', { signal }),
  );
  const add = useDeed(['users'], (api, body: components['schemas']['NewUser']) =>
    api.POST('/api/users', { body }),
  );
  const change = useDeed(
    ['users'],
    (api, { id, ...body }: components['schemas']['UserChanges'] & { id: string }) =>
      api.PATCH('/api/users/{id}', { params: { path: { id } }, body }),
  );

  function save({ name = '', email = '', password = '', role = 'agent' }: Record<string, string>) {
    const named = { name, role: role as Role };
    return editing === 'new' || editing === null
      ? add.mutateAsync({ ...named, email, password })
      : change.mutateAsync({ id: editing.id, ...named });
  }

  if (isError) return <p role="alert">{text.failed}</p>;
  return (
    <>
      <ul className="entries">
        {data?.users.map((user) => (
          <li key={user.id}>
            <Avatar id={user.id} name={user.name} />
            <div>
              <strong>{user.name}</strong>
              <span>{user.email}</span>
              <span>
                {text[user.role]} ·{' '}
                {user.inboxes ? text.someInboxes(user.inboxes.length) : text.allInboxes}
              </span>
            </div>
            {user.isDisabled && <span className="chip">{text.disabled}</span>}
            <button type="button" className="button" onClick={() => setEditing(user)}>
              {text.edit}
            </button>
            <button
              type="button"
              className="button"
              onClick={() => change.mutate({ id: user.id, isDisabled: !user.isDisabled })}
            >
              {user.isDisabled ? text.enable : text.disable}
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
            <>
              <label>
                {text.email}
                <input name="email" type="email" required autoComplete="off" />
              </label>
              <label>
                {text.password}
                <input
                  name="password"
                  type="password"
                  required
                  minLength={8}
                  maxLength={200}
                  autoComplete="new-password"
                />
              </label>
            </>
          )}
          <label>
            {text.role}
            <select name="role" defaultValue={editing === 'new' ? 'agent' : editing.role}>
              <option value="agent">{text.agent}</option>
              <option value="admin">{text.admin}</option>
            </select>
          </label>
        </Form>
      )}
    </>
  );
}
