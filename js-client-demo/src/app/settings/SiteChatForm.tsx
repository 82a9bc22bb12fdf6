import { useStore } from '@nanostores/react';
import type { components } from '../../inbox-client/generated/api';
import { useDeed } from '../rest';
import { Choice, Field } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type SiteChat = components['schemas']['LiveChat'];
type Settings = components['schemas']['LiveChatSettings'];
type Question = components['schemas']['PreChatField'];

const key = ['inboxes'];
/** What is usually asked first; other questions are set by the API, and kept. */
const questions = ['name', 'email', 'phone'] as const;
const kinds = { name: 'text', email: 'email', phone: 'phone' } as const;

type Props = {
  chat: SiteChat | null;
  onAdded: (added: components['schemas']['NewLiveChat']) => void;
  onClose: () => void;
};

/** Adds the chat of a site, or changes how it looks and who may open it. */
export function SiteChatForm({ chat, onAdded, onClose }: Props) {
  const text = useStore(settingsText);
  const settings = chat?.settings;
  const asked = (which: string) => settings?.preChat.find((each) => each.key === which);
  const add = useDeed(key, (api, body: { name: string; settings: Settings }) =>
    api.POST('/api/livechat/inboxes', { body }),
  );
  const change = useDeed(
    key,
    (api, { key, ...body }: { key: string; name: string; settings: Settings }) =>
      api.PATCH('/api/livechat/inboxes/{key}', { params: { path: { key } }, body }),
  );

  const labels = { name: text.yourName, email: text.yourEmail, phone: text.yourPhone };

  async function save(fields: Record<string, string>): Promise<void> {
    const usual = questions
      .filter((which) => fields[`asks-${which}`])
      .map((which): Question => {
        return asked(which) ?? { key: which, label: labels[which], kind: kinds[which] };
      });
    const others = settings?.preChat.filter((each) => !(each.key in kinds)) ?? [];
    const told: Settings = {
      title: fields.title || null,
      greeting: fields.greeting || null,
      offlineText: fields.offlineText || null,
      color: fields.color || null,
      locale: fields.locale || null,
      allowedOrigins: fields.origins?.split(/[\s,]+/).filter(Boolean) ?? [],
      preChat: [...usual, ...others],
      requiresIdentity: Boolean(fields.requiresIdentity),
    };
    const { name = '' } = fields;
    if (chat) await change.ask({ key: chat.key, name, settings: told });
    else onAdded(await add.ask({ name, settings: told }));
  }

  return (
    <Form heading={chat ? text.edit : text.addSiteChat} onSave={save} onClose={onClose}>
      <Field
        label={text.name}
        name="name"
        required
        maxLength={100}
        defaultValue={chat?.name ?? ''}
      />
      <label>
        {text.origins}
        <textarea
          name="origins"
          rows={2}
          placeholder="https://loja.example"
          defaultValue={settings?.allowedOrigins.join('\n') ?? ''}
          aria-describedby="origins-hint"
        />
        <small id="origins-hint">{text.originsHint}</small>
      </label>
      <Field label={text.title} name="title" maxLength={500} defaultValue={settings?.title ?? ''} />
      <Field
        label={text.greeting}
        name="greeting"
        maxLength={500}
        defaultValue={settings?.greeting ?? ''}
      />
      <Field
        label={text.offlineText}
        name="offlineText"
        maxLength={500}
        defaultValue={settings?.offlineText ?? ''}
      />
      <div className="abreast">
        <Field
          label={text.colour}
          name="color"
          type="color"
          defaultValue={settings?.color ?? '#0b6b8a'}
        />
        <label>
          {text.language}
          <select name="locale" defaultValue={settings?.locale ?? ''}>
            <option value="">{text.visitorsLanguage}</option>
            <option value="pt-BR">Português</option>
            <option value="en">English</option>
          </select>
        </label>
      </div>
      <fieldset>
        <legend>{text.asksFirst}</legend>
        {questions.map((which) => (
          <Choice
            key={which}
            label={text[which]}
            name={`asks-${which}`}
            defaultChecked={asked(which) !== undefined}
          />
        ))}
      </fieldset>
      <Choice
        label={text.requiresIdentity}
        name="requiresIdentity"
        defaultChecked={settings?.requiresIdentity ?? false}
      />
    </Form>
  );
}
