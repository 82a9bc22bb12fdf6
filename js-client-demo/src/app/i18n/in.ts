import type { Messages, TranslationFunction } from '@nanostores/i18n';

/** The forms of a text that depends on a number; both languages have these two. */
type Plural = { one: string; other: string };

/**
 * All texts of a screen in another language: one that is missing, or too many, is an error of types.
 *
 * A text that counts has both its forms. That placeholders agree is for `i18n/check.test.ts` to see.
 */
export type In<Texts> =
  Texts extends Messages<infer Body>
    ? { [Key in keyof Body]: Body[Key] extends string ? string : Form<Body[Key]> }
    : never;

type Form<Text> = Text extends (input: infer Input) => infer Output
  ? Output extends TranslationFunction
    ? Plural
    : number extends Input
      ? Plural
      : string
  : string;
