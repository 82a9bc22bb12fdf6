import type { In } from '../i18n/in';
import type { chatText } from './text';

export const chat: In<typeof chatText> = {
  conversations: 'Chats',
  choose: 'Choose a conversation.',
  back: 'Back',
  older: 'Older messages',
  failed: 'The messages could not be loaded.',
  none: 'No messages yet',
  edited: 'edited',
  reactions: 'Reactions',
};
