import type { Language } from '../../talk';
import type { Chat } from '../chat';
import { h } from '../dom';

const texts = {
  'pt-BR': {
    howWas: 'Como foi o atendimento?',
    stars: (score: number) => `${score} de 5`,
    comment: 'Quer comentar?',
    send: 'Enviar',
    ended: 'Conversa encerrada. Escreva para continuar.',
    thanks: 'Obrigado pela avaliação!',
    notSent: 'A avaliação não foi enviada · Tentar de novo',
  },
  en: {
    howWas: 'How did we do?',
    stars: (score: number) => `${score} of 5`,
    comment: 'Anything to add?',
    send: 'Send',
    ended: 'The chat is over. Write to go on.',
    thanks: 'Thank you for telling us!',
    notSent: 'The rating was not sent · Try again',
  },
};

/** That the chat is over, and how the visitor found it. */
export function over(chat: Chat, language: Language): HTMLElement[] {
  const words = texts[language];
  return [h('p', { class: 'over', text: words.ended }), rating(chat, words)];
}

function rating(chat: Chat, words: (typeof texts)[Language]): HTMLElement {
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
  const told = h('div', { role: 'alert' });
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
    told,
  );
  details.append(comment, h('button', { text: words.send }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (score === 0) return;
    told.replaceChildren();
    chat.rate(score, comment.value.trim()).catch(() => {
      told.replaceChildren(h('button', { class: 'again', text: words.notSent }));
    });
  };
  return form;
}
