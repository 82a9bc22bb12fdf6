import { useStore } from '@nanostores/react';
import type { components } from '../../inbox-client/generated/api';
import { useDeed } from '../rest';
import { Field, Secret } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type Inbox = components['schemas']['InboxInFull'];
type Account = { baseUrl?: string; accountId?: number; inboxIds?: number[] };

const key = ['inboxes'];

type Props = {
  inbox: Inbox | null;
  /** The token in the path of its webhooks is told only now. */
  onConnected: (connected: components['schemas']['Connected']) => void;
  onClose: () => void;
};

/** Connects an account of a Chatwoot, or changes how it is connected. */
export function ChatwootForm({ inbox, onConnected, onClose }: Props) {
  const text = useStore(settingsText);
  const account: Account = inbox?.settings ?? {};
  const add = useDeed(key, (api, body: components['schemas']['NewChatwoot']) =>
    api.POST('/api/chatwoot/inboxes', { body }),
  );
  const change = useDeed(
    key,
    (api, { id, ...body }: components['schemas']['ChatwootChanges'] & { id: string }) =>
      api.PATCH('/api/chatwoot/inboxes/{id}', { params: { path: { id } }, body }),
  );

  async function save(fields: Record<string, string>): Promise<void> {
    const { name = '', baseUrl = '', apiAccessToken, webhookSecret } = fields;
    const told = {
      name,
      baseUrl: baseUrl.trim(),
      accountId: Number(fields.accountId),
      inboxIds: fields.inboxIds?.match(/\d+/g)?.map(Number) ?? [],
      ...(apiAccessToken && { apiAccessToken }),
      ...(webhookSecret && { webhookSecret }),
    };
    if (inbox) await change.ask({ id: inbox.id, ...told });
    else onConnected(await add.ask(told));
  }

  return (
    <Form heading={inbox ? text.edit : text.addChatwoot} onSave={save} onClose={onClose}>
      <Field
        label={text.name}
        name="name"
        required
        maxLength={100}
        defaultValue={inbox?.name ?? 'Chatwoot'}
      />
      <Field
        label={text.chatwootUrl}
        name="baseUrl"
        type="url"
        required
        placeholder="https://app.chatwoot.com"
        defaultValue={account.baseUrl ?? ''}
      />
      <Field
        label={text.accountId}
        name="accountId"
        type="number"
        required
        min={1}
        defaultValue={account.accountId ?? ''}
      />
      <Field
        label={text.accountInboxes}
        name="inboxIds"
        pattern="[\d ,]*"
        placeholder={text.accountInboxesHint}
        defaultValue={account.inboxIds?.join(', ') ?? ''}
      />
      <Secret
        label={text.chatwootToken}
        name="apiAccessToken"
        required={!inbox}
        isKept={inbox !== null}
      />
      <Secret
        label={text.webhookSecret}
        name="webhookSecret"
        placeholder={text.optional}
        isKept={inbox !== null}
      />
    </Form>
  );
}
