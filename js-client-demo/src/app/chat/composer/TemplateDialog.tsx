import { persistentAtom } from '@nanostores/persistent';
import { useStore } from '@nanostores/react';
import { useState } from 'react';
import { useInbox } from '../../../hooks';
import type { Post } from '../../../inbox-client';
import { perInbox } from '../../per-inbox';
import { SendDialog } from './SendDialog';
import { type Template, templatePost, variablesIn } from './template';
import { composerText } from './text';

/** WhatsApp's languages that are met most here: <https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/supported-languages>. */
const languages = ['pt_BR', 'en_US', 'en', 'es', 'es_AR', 'pt_PT', 'fr', 'it', 'de'];
const mostKept = 8;

const recentOf = perInbox(({ owner }) =>
  persistentAtom<Template[]>(`recado.chat.templates.${owner}`, [], {
    encode: JSON.stringify,
    decode: JSON.parse,
  }),
);

type Props = { onSend: (post: Post) => void; onClose: () => void };

/** Sends a template, which is all that WhatsApp takes when its 24 hours are over. */
export function TemplateDialog({ onSend, onClose }: Props) {
  const text = useStore(composerText);
  const recent = recentOf(useInbox());
  const known = useStore(recent);
  const [template, setTemplate] = useState<Template>(
    known[0] ?? { name: '', language: 'pt_BR', body: '' },
  );
  const variables = variablesIn(template.body);

  function send(fields: FormData) {
    const values = variables.map((n) => String(fields.get(`variable-${n}`) ?? ''));
    recent.set(latest(template, known));
    onSend(templatePost(template, values));
  }

  return (
    <SendDialog title={text.sendTemplate} onSend={send} onClose={onClose}>
      {known.length > 0 && (
        <fieldset className="recent">
          <legend>{text.recentTemplates}</legend>
          {known.map((each) => (
            <button
              key={each.name + each.language}
              type="button"
              className="chip"
              onClick={() => setTemplate(each)}
            >
              {each.name}
            </button>
          ))}
        </fieldset>
      )}
      <label>
        {text.templateName}
        <input
          required
          pattern="[a-z0-9_]+"
          value={template.name}
          placeholder="pedido_a_caminho"
          onChange={(event) => setTemplate({ ...template, name: event.target.value })}
        />
      </label>
      <label>
        {text.templateLanguage}
        <select
          value={template.language}
          onChange={(event) => setTemplate({ ...template, language: event.target.value })}
        >
          {languages.map((code) => (
            <option key={code}>{code}</option>
          ))}
        </select>
      </label>
      <label>
        {text.templateText}
        <textarea
          rows={3}
          dir="auto"
          maxLength={1024}
          value={template.body}
          onChange={(event) => setTemplate({ ...template, body: event.target.value })}
        />
        <small>{text.templateTextHint}</small>
      </label>
      {variables.map((n) => (
        <label key={n}>
          {text.templateVariable({ n })}
          <input name={`variable-${n}`} dir="auto" required />
        </label>
      ))}
    </SendDialog>
  );
}

function latest(template: Template, before: readonly Template[]): Template[] {
  const others = before.filter(
    ({ name, language }) => name !== template.name || language !== template.language,
  );
  return [template, ...others].slice(0, mostKept);
}
