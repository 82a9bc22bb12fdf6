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

/** How the visitor found the chat. */
export function rating(chat: Chat, words: Words): HTMLElement {
  const given = chat.session?.rating;
  if (given) return h('p', { class: 'over', text: words.thanks });
  let score = 0;
  const comment = h('input', {
    type: 'text',
    placeholder: words.comment,
    maxLength: 2_000,
    'aria-label': words.comment,
  });
  const details = h('div', { class: 'comment', hidden: true });
  const stars = [1, 2, 3, 4, 5].map((each) =>
    h('button', {
      type: 'button',
      class: 'star',
      text: '★',
      'aria-label': words.stars(each),
      'aria-pressed': 'false',
      onclick: () => {
        score = each;
        stars.forEach((star, index) => {
          star.ariaPressed = String(index < score);
        });
        details.hidden = false;
        comment.focus();
      },
    }),
  );
  const form = h(
    'form',
    { class: 'rating' },
    h('span', { text: words.howWas }),
    h('div', { role: 'group', 'aria-label': words.howWas }, ...stars),
    details,
  );
  details.append(comment, h('button', { text: words.send }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (score > 0) void chat.rate(score, comment.value.trim()).catch(() => {});
  };
  return form;
}
