import type { Chat } from './chat';
import { h } from './dom';
import type { Words } from './text';
import type { Question } from './types';

/** What the site wants to know before a chat begins. */
export function preChat(chat: Chat, words: Words, onDone: () => void): HTMLFormElement {
  const questions = chat.site?.preChat ?? [];
  const fields = questions.map((question) => ({ question, field: fieldOf(question) }));
  const form = h(
    'form',
    { class: 'first' },
    ...fields.map(({ question, field }) =>
      h(
        'label',
        {},
        h('span', { text: question.label }),
        ...(question.isRequired ? [h('em', { text: ` (${words.required})` })] : []),
        field,
      ),
    ),
    h('button', { class: 'wide', text: words.start }),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = fields
      .map(({ question, field }) => [question.key, field.value.trim()] as const)
      .filter(([, value]) => value);
    chat.answer({ ...Object.fromEntries(given) });
    onDone();
  };
  return form;
}

function fieldOf({
  kind,
  key,
  isRequired,
  options,
}: Question): HTMLInputElement | HTMLSelectElement {
  if (kind === 'select') {
    const choices = ['', ...options].map((text) => h('option', { text, value: text }));
    return h('select', { name: key, required: isRequired }, ...choices);
  }
  const [type, autocomplete] = {
    text: ['text', key === 'name' ? 'name' : 'on'],
    email: ['email', 'email'],
    phone: ['tel', 'tel'],
  }[kind] as [string, string];
  return h('input', { name: key, type, autocomplete, required: isRequired, maxLength: 500 });
}
