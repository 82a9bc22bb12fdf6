import { useStore } from '@nanostores/react';
import { useState } from 'react';
import { useInbox, useLive } from '../../hooks';
import type { components } from '../../inbox-client/generated/api';
import { askAgents } from '../people';
import { useAnswer, useDeed } from '../rest';
import { Avatar } from '../ui/Avatar';
import { settingsText } from './text';
import { UserForm } from './UserForm';

type User = components['schemas']['User'];

const key = ['users'];

/** The tenant's people: what they may do and see, and whether they may sign in. */
export function Users() {
  const text = useStore(settingsText);
  const inbox = useInbox();
  const me = useLive((state) => state.me?.user.id);
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const { data, isLoadingError } = useAnswer(key, (api, signal) =>
    api.GET('/api/users', { signal }),
  );
  const change = useDeed(
    key,
    (api, { id, ...body }: components['schemas']['UserChanges'] & { id: string }) =>
      api.PATCH('/api/users/{id}', { params: { path: { id } }, body }),
  );

  if (isLoadingError) return <p role="alert">{text.failed}</p>;
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
            {user.isDisabled && <span className="chip">{text.disabledUser}</span>}
            <span className="acts">
              <button type="button" className="button" onClick={() => setEditing(user)}>
                {text.edit}
              </button>
              <button
                type="button"
                className="button"
                disabled={user.id === me}
                onClick={() => change.run({ id: user.id, isDisabled: !user.isDisabled })}
              >
                {user.isDisabled ? text.enable : text.disable}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <button type="button" className="button primary" onClick={() => setEditing('new')}>
        {text.add}
      </button>
      {editing && (
        <UserForm
          user={editing === 'new' ? null : editing}
          onClose={() => {
            setEditing(null);
            askAgents(inbox);
          }}
        />
      )}
    </>
  );
}
