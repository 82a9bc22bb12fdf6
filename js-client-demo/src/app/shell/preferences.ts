import { persistentAtom } from '@nanostores/persistent';

const minutes = { encode: String, decode: Number };

/** How the page looks: as the system does, or as was chosen. */
export type Theme = 'system' | 'light' | 'dark';

/** The theme, kept over reloads; `public/theme.js` reads it before the first paint. */
export const theme = persistentAtom<Theme>('recado.theme', 'system');

/** After how many minutes of waiting a card is amber, and red. */
export const warmAfter = persistentAtom<number>('recado.warm-after', 3, minutes);
export const hotAfter = persistentAtom<number>('recado.hot-after', 15, minutes);

/** Shows the page in the theme that is chosen, now and whenever it changes. */
export function startWearing(): void {
  theme.subscribe((next) => {
    document.documentElement.dataset.theme = next;
  });
}
