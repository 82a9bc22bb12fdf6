import type { Chat } from '../chat';
import { h } from '../dom';

/** Hands the visitor everything that was said, as a file. */
export async function save(chat: Chat): Promise<void> {
  const response = await chat.ask(chat.path('transcript?format=text'), {});
  const url = URL.createObjectURL(await response.blob());
  h('a', { href: url, download: 'chat.txt' }).click();
  URL.revokeObjectURL(url);
}
