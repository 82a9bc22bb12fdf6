import { useStore } from '@nanostores/react';
import type { components } from '../../inbox-client/generated/api';
import { useDeed } from '../rest';
import { Field, Secret } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type Inbox = components['schemas']['InboxInFull'];

const key = ['inboxes'];
const secrets = ['accessToken', 'appSecret', 'verifyToken'] as const;

/** Connects a number of WhatsApp, or changes how it is; secrets are replaced, never shown. */
export function WhatsAppForm({ inbox, onClose }: { inbox: Inbox | null; onClose: () => void }) {
  const text = useStore(settingsText);
  const add = useDeed(key, (api, body: components['schemas']['NewInbox']) =>
    api.POST('/api/inboxes', { body }),
  );
  const change = useDeed(
    key,
    (api, { id, ...body }: components['schemas']['InboxChanges'] & { id: string }) =>
      api.PATCH('/api/inboxes/{id}', { params: { path: { id } }, body }),
  );

  function save({ name = '', phoneNumberId = '', ...fields }: Record<string, string>) {
    const given = Object.fromEntries(
      secrets.filter((secret) => fields[secret]).map((secret) => [secret, fields[secret]]),
    );
    return inbox
      ? change.ask({ id: inbox.id, name, ...given })
      : add.ask({ name, phoneNumberId, ...given });
  }

  return (
    <Form heading={inbox ? text.edit : text.addWhatsApp} onSave={save} onClose={onClose}>
      <Field
        label={text.name}
        name="name"
        required
        maxLength={100}
        defaultValue={inbox?.name ?? ''}
      />
      {!inbox && (
        <Field
          label={text.phoneNumberId}
          name="phoneNumberId"
          required
          maxLength={100}
          inputMode="numeric"
        />
      )}
      {secrets.map((secret) => (
        <Secret key={secret} label={text[secret]} name={secret} isKept={inbox !== null} />
      ))}
    </Form>
  );
}
