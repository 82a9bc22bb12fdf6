import { refusal } from '../../../inbox-client/problem';
import type { Chat } from '../chat';
import { h } from '../dom';

/** Hands the visitor everything that was said, as a file; throws what the server refuses. */
export async function save({ visit }: Chat): Promise<void> {
  const response = await visit.ask(visit.path('transcript?format=text'), {});
  if (!response.ok) throw await refusal(response);
  const url = URL.createObjectURL(await response.blob());
  h('a', { href: url, download: 'chat.txt' }).click();
  URL.revokeObjectURL(url);
}
