import type { In } from '../i18n/in';
import type { boardText } from './text';

export const board: In<typeof boardText> = {
  conversations: { one: '1 conversation', other: '{count} conversations' },
  unread: { one: '1 unread', other: '{count} unread' },
  stages: 'Stages',
  emptyStage: 'No conversations in this stage',
  shownOf: 'Showing {shown} of {total}',
  noMessages: 'No messages yet',
  waiting: '{time} without an answer',
};
