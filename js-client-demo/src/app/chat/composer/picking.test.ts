import { expect, test } from 'vitest';
import { filledIn, mentionedIn, picked, pickingAt } from './picking';
import { templatePost, variablesIn } from './template';

test('a slash asks for canned responses at the very beginning only', () => {
  expect(pickingAt('/pra', 4, false)).toEqual({ kind: 'canned', words: 'pra', from: 0, to: 4 });
  expect(pickingAt('a 1/2', 5, false)).toBe(null);
  expect(pickingAt('/prazo já', 9, false)).toBe(null);
});

test('an at sign asks for colleagues in notes only', () => {
  expect(pickingAt('oi @Jo', 6, true)).toEqual({ kind: 'mention', words: 'Jo', from: 3, to: 6 });
  expect(pickingAt('ana@casa', 8, true)).toBe(null);
  expect(pickingAt('oi @Jo', 6, false)).toBe(null);
});

test('what was picked stands in place of what was typed for it', () => {
  const picking = { kind: 'mention', words: 'Jo', from: 3, to: 6 } as const;

  expect(picked('oi @Jo!', picking, '@José ')).toEqual(['oi @José !', 9]);
});

test('a note mentions whose names it holds', () => {
  const agents = [
    { id: '1', name: 'Ana Lima' },
    { id: '2', name: 'Bia' },
  ];

  expect(mentionedIn('@Ana Lima, veja com o Bia', agents)).toEqual(['1']);
});

test('of names that begin alike, a note mentions the longest that fits', () => {
  const agents = ['Ana', 'Ana Paula', 'Bia'].map((name) => ({ id: name, name }));

  expect(mentionedIn('@Ana Paula e @Bia, vejam', agents)).toEqual(['Ana Paula', 'Bia']);
  expect(mentionedIn('@Ana Paula e @Ana', agents)).toEqual(['Ana Paula', 'Ana']);
});

test('names are filled in where a canned response asks for them', () => {
  expect(filledIn('Oi {{ contact.name }}, aqui é {{agent.name}}', 'Ana', 'Bia')).toBe(
    'Oi Ana, aqui é Bia',
  );
});

test('a template carries its variables, and its text as agents read it', () => {
  const template = {
    name: 'pedido',
    language: 'pt_BR',
    body: 'Oi {{1}}, chega {{2}}. Até já, {{1}}!',
  };

  expect(variablesIn(template.body)).toEqual([1, 2]);
  expect(templatePost(template, ['Ana', 'hoje'])).toEqual({
    content: 'Oi Ana, chega hoje. Até já, Ana!',
    template: {
      name: 'pedido',
      language: { code: 'pt_BR' },
      components: [
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Ana' },
            { type: 'text', text: 'hoje' },
          ],
        },
      ],
    },
  });
});
