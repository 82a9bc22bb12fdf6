import type { In } from '../../i18n/in';
import type { keysText } from './text';

export const chatKeys: In<typeof keysText> = {
  title: 'Keyboard shortcuts',
  close: 'Close',
  next: 'Next chat',
  previous: 'Previous chat',
  reply: 'Reply',
  note: 'Write a note',
  leave: 'Leave the field, then the chat',
  search: 'Search chats',
  find: 'Search this chat',
  resolve: 'Resolve or reopen',
  unread: 'Mark as unread',
  canned: 'Canned responses, while writing',
  send: 'Send',
  breakLine: 'Break the line',
  help: 'This list',
  or: 'or',
};
