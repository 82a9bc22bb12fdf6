import { expect, test } from 'vitest';
import { en } from './en';

type Declared = { component: string; base: Record<string, unknown> };

const modules = import.meta.glob<Record<string, Declared>>('../**/text.ts', { eager: true });
const declared = Object.values(modules).flatMap((module) => Object.values(module));

test('every screen whose texts are declared has them in English', () => {
  expect(Object.keys(en).sort()).toEqual(declared.map(({ component }) => component).sort());
});

test('both languages have the same texts, with the same placeholders', () => {
  for (const { component, base } of declared) {
    const english = en[component as keyof typeof en] as Record<string, unknown>;

    expect(shapeOf(english), component).toEqual(shapeOf(base));
  }
});

/** Each text's placeholders, of all its forms. A form for one may say "1" in place of `{count}`. */
function shapeOf(texts: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => {
      const words = JSON.stringify(text);
      return [key, [...new Set(words.match(/\{\w+\}/g))].sort()];
    }),
  );
}
