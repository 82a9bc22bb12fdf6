import { browser, type ComponentsJSON, createI18n, localeFrom } from '@nanostores/i18n';
import { persistentAtom } from '@nanostores/persistent';
import { atom } from 'nanostores';

/** What the page speaks. */
export type Language = 'pt-BR' | 'en';

export const languages = ['pt-BR', 'en'] as const satisfies Language[];

const chosen = persistentAtom<Language | undefined>('recado.language', undefined);
const asked = localeFrom(chosen, browser({ available: languages, fallback: 'pt-BR' }));

/** The language of the page, as in `<html lang>`; it changes once all its texts are there. */
export const language = atom<Language>('pt-BR');

/**
 * Declares the texts of a screen, in Portuguese; `text.en.ts` beside them has the English ones,
 * which `i18n/en.ts` gathers.
 */
export const i18n = createI18n(language, {
  baseLocale: 'pt-BR',
  cache: { 'pt-BR': {} } as never,
  get: english,
});

/** Speaks another language, from now on and after reloads. */
export function speak(next: Language): void {
  chosen.set(next);
}

/** Speaks the language that was chosen, else the browser's; resolves before anything is shown. */
export async function startSpeaking(): Promise<void> {
  const adopt = async (next: Language) => {
    if (next === 'en') i18n.cache.en = (await english()) as never;
    // Another may have been asked for while its texts came.
    if (next !== asked.get()) return;
    document.documentElement.lang = next;
    language.set(next);
  };
  asked.listen(adopt);
  await adopt(asked.get());
}

async function english(): Promise<ComponentsJSON> {
  const { en } = await import('./en');
  return en;
}
