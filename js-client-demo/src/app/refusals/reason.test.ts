import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { ApiError } from '../../inbox-client';
import { language } from '../i18n';
import { en } from '../i18n/en';
import { reasonOf } from './reason';
import { refusalText } from './text';

afterEach(() => language.set('pt-BR'));

/** What stands in `error.code` of a message that was not sent; other channels' codes are theirs. */
const ofMessages = [
  'address_forbidden',
  'file_not_given',
  'no_access_token',
  'no_account',
  'no_agent',
  'outcome_unknown',
  'unreachable',
  'unsendable',
];

test('every code that the server says has words in both languages, and nothing else has', () => {
  const said = new Set([
    ...codesIn('api/error.rs', /StatusCode::\w+,\s*"([a-z_]+)"/g),
    ...codesIn('realtime/socketio.rs', /\bproblem\(\s*"([a-z_]+)"/g),
    ...codesIn('realtime/limited.rs', /"code": "([a-z_]+)"/g),
    ...ofMessages,
  ]);
  const codes = [...said].sort();

  expect(codes).toEqual(expect.arrayContaining(['window_closed', 'too_large', 'unavailable']));
  expect(Object.keys(refusalText.get()).sort()).toEqual(codes);
  expect(Object.keys(en.refusals).sort()).toEqual(codes);
});

test('a refusal is said in the language of the page, whatever the server has said of it', async () => {
  const refused = new ApiError(409, 'window_closed', 'only templates can be sent');
  expect(reasonOf(refused)).toBe('A janela de 24 h está fechada.');

  language.set('en');

  await vi.waitFor(() => expect(reasonOf(refused)).toBe('The 24 h window is closed.'));
});

test.each([
  ['a Socket.IO answer', { code: 'forbidden', message: 'your role does not allow this' }],
  ['the outbox', { code: 'forbidden', detail: 'your role does not allow this' }],
])('so is one from %s', (_, refusal) => {
  expect(reasonOf(refusal)).toBe('Você não tem permissão para isso.');
});

test('where the code does not say which value it is about, the words of the server do', () => {
  const refused = new ApiError(422, 'invalid', 'the name is empty');

  expect(reasonOf(refused)).toBe('Um dos valores não serve: the name is empty');
});

test.each([
  ['a newer server', new ApiError(409, 'moon_full', 'the moon is full'), 'the moon is full'],
  ['a code that is no text', new ApiError(409, 'toString', 'no'), 'no'],
  ['WhatsApp', { code: 131_026, title: 'Message undeliverable' }, 'Message undeliverable'],
])('what there are no words for is told as it came from %s', (_, refusal, words) => {
  expect(reasonOf(refusal)).toBe(words);
});

test.each([
  ['the network', new TypeError('Failed to fetch')],
  ['a proxy', new ApiError(502)],
  ['a proxy, to the outbox', { code: '502', detail: 'the server answered 502' }],
  ['nobody', undefined],
])('no reason comes from %s', (_, problem) => {
  expect(reasonOf(problem)).toBeNull();
});

/** The codes that a file of the server's says. */
function codesIn(file: string, form: RegExp): string[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../../../src', file), 'utf8');
  return [...text.matchAll(form)].map(([, code = '']) => code);
}
