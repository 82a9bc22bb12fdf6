import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { components } from '../../inbox-client/generated/api';
import { useDeed } from '../rest';
import { messageText } from '../ui/text';
import { tell } from '../ui/toasts';
import { Form } from './Form';
import { settingsText } from './text';
import { type Told, useTold } from './told';

type Inbox = components['schemas']['InboxInFull'];

type Props = {
  inbox: Inbox;
  /** What else there is to it, if it is a site's chat. */
  site: components['schemas']['LiveChat'] | null;
  onEdit: () => void;
  onTold: (told: Told) => void;
};

const key = ['inboxes'];

/** An inbox, and what its channel lets one do with it. */
export function InboxEntry({ inbox, site, onEdit, onTold }: Props) {
  const text = useStore(settingsText);
  const names = useStore(messageText);
  const tellOf = useTold();
  const [isRenewing, setRenewing] = useState(false);
  const change = useDeed(key, (api, isDisabled: boolean) =>
    api.PATCH('/api/inboxes/{id}', { params: { path: { id: inbox.id } }, body: { isDisabled } }),
  );
  // Lets go of the visitors who are there, too.
  const changeSite = useDeed(key, (api, body: { key: string; isDisabled: boolean }) =>
    api.PATCH('/api/livechat/inboxes/{key}', {
      params: { path: { key: body.key } },
      body: { isDisabled: body.isDisabled },
    }),
  );
  const renewSecret = useDeed(key, (api, key: string) =>
    api.POST('/api/livechat/inboxes/{key}/identity-secret', { params: { path: { key } } }),
  );
  const renewAddress = useDeed(key, (api, id: string) =>
    api.POST('/api/chatwoot/inboxes/{id}/webhook-token', { params: { path: { id } } }),
  );
  const makeUp = useDeed(key, (api, id: string) =>
    api.POST('/api/inboxes/{id}/reconcile', { params: { path: { id } }, body: {} }),
  );
  const isChatwoot = inbox.channel === 'chatwoot';
  const renewing = isChatwoot ? text.renewAddress : text.renewSecret;

  function turn() {
    const isDisabled = !inbox.isDisabled;
    if (site) changeSite.run({ key: site.key, isDisabled });
    else change.run(isDisabled);
  }

  async function renew() {
    if (site) onTold(tellOf.site(site, (await renewSecret.ask(site.key)).identitySecret));
    else onTold(tellOf.chatwoot(inbox.name, (await renewAddress.ask(inbox.id)).webhookPath));
  }

  return (
    <li>
      <div>
        <strong>{inbox.name}</strong>
        <span>
          {names[inbox.channel as keyof typeof names] ?? inbox.channel} · {whereOf(inbox, site)}
        </span>
        {!site && (
          <span>
            {text.accessToken}: {inbox.hasAccessToken ? text.kept : text.missing}
          </span>
        )}
      </div>
      {inbox.isDisabled && <span className="chip">{text.disabled}</span>}
      <span className="acts">
        {site && (
          <button type="button" className="button" onClick={() => onTold(tellOf.site(site))}>
            {text.install}
          </button>
        )}
        {isChatwoot && (
          <button
            type="button"
            className="button"
            onClick={() => makeUp.run(inbox.id, ({ missed }) => tell(text.madeUp(missed)))}
          >
            {text.makeUp}
          </button>
        )}
        {(site || isChatwoot) && (
          <button type="button" className="button" onClick={() => setRenewing(true)}>
            {renewing}
          </button>
        )}
        <button type="button" className="button" onClick={onEdit}>
          {text.edit}
        </button>
        <button type="button" className="button" onClick={turn}>
          {inbox.isDisabled ? text.enable : text.disable}
        </button>
      </span>
      {isRenewing && (
        <Form
          heading={renewing}
          action={renewing}
          onSave={renew}
          onClose={() => setRenewing(false)}
        >
          <p>{text.renewHint}</p>
        </Form>
      )}
    </li>
  );
}

/** Where the far side of an inbox is. */
function whereOf({ channel, phoneNumberId, settings }: Inbox, site: Props['site']): string {
  if (site) return site.settings.allowedOrigins.join(', ') || location.origin;
  return channel === 'chatwoot' ? `${settings.baseUrl} · ${settings.accountId}` : phoneNumberId;
}
