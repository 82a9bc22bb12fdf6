import { describe, expect, it } from 'vitest';
import { colorOf, heard, languageOf } from './talk';

const panel = {} as Window;
const origin = 'https://inbox.example';
const word = { say: 'close' };

function message(told: { source?: unknown; origin?: string; data?: unknown }): MessageEvent {
  return { source: panel, origin, data: { mark: 'recado:1', word }, ...told } as MessageEvent;
}

describe('what the page and the panel say to each other', () => {
  it('is heard from the window and the origin that it is expected of', () => {
    expect(heard(message({}), panel, origin)).toEqual(word);
  });

  it.each([
    ['another window', { source: {} }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another program', { data: { word } }],
    ['another version', { data: { mark: 'recado:2', word } }],
    ['nobody', { data: null }],
  ])('is not heard from %s', (_, told) => {
    expect(heard(message(told), panel, origin)).toBeNull();
  });

  it('is said in the first language that is asked for', () => {
    expect(languageOf(null, '', 'en-GB')).toBe('en');
    expect(languageOf('pt-PT', 'en')).toBe('pt-BR');
    expect(languageOf('de')).toBe('en');
    expect(languageOf(undefined)).toBe('pt-BR');
  });

  it('takes no colour that is more than a colour', () => {
    expect(colorOf('#0b6b8a')).toBe('#0b6b8a');
    expect(colorOf('red;background:url(//evil.example)')).toBeNull();
  });
});
