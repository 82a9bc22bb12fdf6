import type { Post } from '../../../inbox-client';

/** A template that was sent from here, to be sent again. */
export type Template = { name: string; language: string; body: string };

/** The numbers of the variables in a template's text: `{{1}}`, `{{2}}`… */
export function variablesIn(body: string): number[] {
  const numbers = Array.from(body.matchAll(/\{\{(\d{1,2})\}\}/g), ([, n]) => Number(n));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** A template in WhatsApp's form, and as agents read it. */
export function templatePost({ name, language, body }: Template, values: readonly string[]): Post {
  const variables = variablesIn(body);
  const content = variables.reduce(
    (said, n, at) => said.replaceAll(`{{${n}}}`, values[at] ?? ''),
    body,
  );
  const parameters = values.map((text) => ({ type: 'text', text }));
  const components = parameters.length > 0 ? [{ type: 'body', parameters }] : [];
  return {
    content,
    template: { name, language: { code: language }, components },
  } as unknown as Post;
}
