/** What is being picked from a list while somebody writes: the words typed for it, and where they stand. */
export type Picking = { kind: 'canned' | 'mention'; words: string; from: number; to: number };

/** A `/` at the very beginning asks for canned responses, an `@` in a note for colleagues. */
export function pickingAt(text: string, caret: number, isNote: boolean): Picking | null {
  const before = text.slice(0, caret);
  const canned = /^\/([\p{L}\d_-]*)$/u.exec(before);
  if (canned) return { kind: 'canned', words: canned[1] ?? '', from: 0, to: caret };
  if (!isNote) return null;
  const mention = /(?:^|\s)@([\p{L}\d]*)$/u.exec(before);
  if (!mention) return null;
  const words = mention[1] ?? '';
  return { kind: 'mention', words, from: caret - words.length - 1, to: caret };
}

/** The text with what was picked in place of what was typed for it, and where the caret goes. */
export function picked(text: string, { from, to }: Picking, words: string): [string, number] {
  return [text.slice(0, from) + words + text.slice(to), from + words.length];
}

/** Those colleagues whose names a note mentions: the longest name that fits is meant. */
export function mentionedIn(
  text: string,
  agents: readonly { id: string; name: string }[],
): string[] {
  const meant = [...text.matchAll(/@/g)].flatMap(({ index }) => {
    const fit = agents.filter(({ name }) => text.startsWith(name, index + 1));
    const longest = Math.max(...fit.map(({ name }) => name.length));
    return fit.filter(({ name }) => name.length === longest).map(({ id }) => id);
  });
  return [...new Set(meant)];
}

/** A canned response for somebody: `{{contact.name}}` and `{{agent.name}}` become their names. */
export function filledIn(content: string, contact: string, agent: string): string {
  return content
    .replaceAll(/\{\{\s*contact\.name\s*\}\}/g, contact)
    .replaceAll(/\{\{\s*agent\.name\s*\}\}/g, agent);
}

/** Without accents and case. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
