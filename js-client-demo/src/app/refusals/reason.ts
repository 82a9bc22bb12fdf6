import { useStore } from '@nanostores/react';
import { ApiError } from '../../inbox-client';
import { shellText } from '../shell/text';
import { refusalText } from './text';

/** A refusal as it comes: of a request, in a Socket.IO answer, from the outbox, or by a message's channel. */
type Refusal = { code?: unknown; detail?: string; message?: string; title?: string };

/** Of these the server's own words say more, such as which value it is about. */
const needsDetail = new Set<unknown>([
  'bad_request',
  'channel_failed',
  'file_not_given',
  'invalid',
  'invalid_time',
  'no_account',
]);

/**
 * Why something was refused: in the language of the page where the code is known, else in the words
 * that came with it. `null` where nobody gave a reason, such as for what did not get to the server.
 */
export function reasonOf(
  problem: unknown,
  words: Readonly<Record<string, string>> = refusalText.get(),
): string | null {
  // What fails on the way has words for programmers alone.
  if (problem instanceof Error && !(problem instanceof ApiError)) return null;
  const { code, detail, message, title } = (problem ?? {}) as Refusal;
  // Where a proxy has answered, there is no code, and in the outbox a status in its place.
  if (typeof code === 'string' ? /^\d{3}$/.test(code) : problem instanceof ApiError) return null;
  const told = detail || message || title || null;
  const said = typeof code === 'string' && Object.hasOwn(words, code) ? words[code] : undefined;
  if (!said) return told;
  return needsDetail.has(code) && told ? `${said.slice(0, -1)}: ${told}` : said;
}

/** `reasonOf` for what is drawn, which is drawn anew in another language. */
export function useReasons(): (problem: unknown) => string | null {
  const words = useStore(refusalText);
  return (problem) => reasonOf(problem, words);
}

/** What to say of something that did not work: why, or that it did not. */
export function useRefusals(): (problem: unknown) => string {
  const { failed } = useStore(shellText);
  const reason = useReasons();
  return (problem) => reason(problem) ?? failed;
}
