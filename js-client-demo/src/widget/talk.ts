/** What the page's script and the panel say to each other. */

/** A language that the widget speaks. */
export type Language = 'pt-BR' | 'en';

/** A user of the site, for whom its server vouches. */
export type Identity = { userId: string; hash: string; name?: string; email?: string };

/** The page of the site that is open. */
export type SitePage = { url: string; title: string; referrer?: string };

/** What the page tells the panel. */
export type ToPanel =
  | { say: 'opened'; focus: boolean }
  | { say: 'closed' }
  | { say: 'page'; page: SitePage }
  | { say: 'identify'; identity: Identity };

/** What the panel tells the page. */
export type ToPage =
  /** It is there, or once more, after it was refused. */
  | { say: 'ready' }
  | { say: 'close' }
  /** How many messages wait, and the newest of them. */
  | { say: 'unread'; count: number; preview: string }
  /** There is something to come back to: load the panel on later pages too. */
  | { say: 'begun' }
  /** This chat is not to be had here. */
  | { say: 'refused'; why: string };

/** Marks our messages among all that a page may hear; the number is the version of these forms. */
const mark = 'recado:1';

/** Says something to another window of `origin`. */
export function say<Word extends ToPanel | ToPage>(to: Window, origin: string, word: Word): void {
  to.postMessage({ mark, word }, origin);
}

/** What was said, if it came from that window of that origin; else nothing. */
export function heard<Word extends ToPanel | ToPage>(
  event: MessageEvent,
  from: Window | null | undefined,
  origin: string,
): Word | null {
  if (event.source !== from || event.origin !== origin) return null;
  const told = event.data as { mark?: unknown; word?: Word } | null;
  return told?.mark === mark ? (told.word ?? null) : null;
}

/** The language to speak, given what the page wants and what the browser prefers. */
export function languageOf(...wishes: (string | null | undefined)[]): Language {
  const wish = wishes.find((each) => each)?.toLowerCase() ?? '';
  return wish.startsWith('pt') || wish === '' ? 'pt-BR' : 'en';
}

/** A colour that may stand in a stylesheet; else nothing. */
export function colorOf(wish: string | null | undefined): string | null {
  return wish && /^#[0-9a-f]{6}$/i.test(wish) ? wish : null;
}
