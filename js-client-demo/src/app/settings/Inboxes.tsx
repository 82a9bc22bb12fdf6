import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { components } from '../../inbox-client/generated/api';
import { useAnswer } from '../rest';
import { ChatwootForm } from './ChatwootForm';
import { Copyable } from './Copyable';
import { InboxEntry } from './InboxEntry';
import { SiteChatForm } from './SiteChatForm';
import { settingsText } from './text';
import { type Told, useTold } from './told';
import { WhatsAppForm } from './WhatsAppForm';

type Inbox = components['schemas']['InboxInFull'];

const channels = ['whatsapp', 'live_chat', 'chatwoot'] as const;
type Channel = (typeof channels)[number];

const key = ['inboxes'];

/** The connections to channels. Secrets are only told to be there. */
export function Inboxes() {
  const text = useStore(settingsText);
  const [editing, setEditing] = useState<Inbox | Channel | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const tellOf = useTold();
  const inboxes = useAnswer(key, (api, signal) => api.GET('/api/inboxes', { signal }));
  const sites = useAnswer([...key, 'sites'], (api, signal) =>
    api.GET('/api/livechat/inboxes', { signal }),
  );

  const inbox = typeof editing === 'string' ? null : editing;
  const channel = typeof editing === 'string' ? editing : inbox?.channel;
  const siteOf = ({ id }: Inbox) =>
    sites.data?.liveChats.find(({ inboxId }) => inboxId === id) ?? null;
  const site = inbox && siteOf(inbox);
  const close = () => setEditing(null);
  const adds = {
    whatsapp: text.addWhatsApp,
    live_chat: text.addSiteChat,
    chatwoot: text.addChatwoot,
  };

  if (inboxes.isLoadingError || sites.isLoadingError) return <p role="alert">{text.failed}</p>;
  return (
    <>
      {told && (
        <div className="made" role="status">
          <p>
            <strong>{told.of}</strong> · {told.hint}
          </p>
          {told.lines.map(({ label, words }) => (
            <Copyable key={words} label={label} words={words} />
          ))}
        </div>
      )}
      {inboxes.data?.inboxes.length === 0 && <p className="hint">{text.noInboxes}</p>}
      <ul className="entries">
        {sites.data &&
          inboxes.data?.inboxes.map((each) => (
            <InboxEntry
              key={each.id}
              inbox={each}
              site={siteOf(each)}
              onEdit={() => setEditing(each)}
              onTold={setTold}
            />
          ))}
      </ul>
      <div className="adders">
        {channels.map((each) => (
          <button key={each} type="button" className="button" onClick={() => setEditing(each)}>
            {adds[each]}
          </button>
        ))}
      </div>
      {channel === 'whatsapp' && <WhatsAppForm inbox={inbox} onClose={close} />}
      {/* One that has just been added stands among the inboxes before what else there is to it has come. */}
      {channel === 'live_chat' && (!inbox || site) && (
        <SiteChatForm
          chat={site}
          onAdded={(added) => setTold(tellOf.site(added, added.identitySecret))}
          onClose={close}
        />
      )}
      {channel === 'chatwoot' && (
        <ChatwootForm
          inbox={inbox}
          onConnected={({ inbox, webhookPath }) =>
            setTold(tellOf.chatwoot(inbox.name, webhookPath))
          }
          onClose={close}
        />
      )}
    </>
  );
}
