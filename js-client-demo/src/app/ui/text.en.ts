import type { In } from '../i18n/in';
import type { messageText } from './text';

export const message: In<typeof messageText> = {
  PENDING: 'Queued',
  SENT: 'Sent',
  DELIVERED: 'Delivered',
  READ: 'Read',
  FAILED: 'Not sent',
  TEXT: 'Text',
  IMAGE: 'Image',
  VIDEO: 'Video',
  AUDIO: 'Audio',
  DOCUMENT: 'Document',
  LOCATION: 'Location',
  sticker: 'Sticker',
  voice: 'Voice message',
  deleted: 'Message deleted',
  whatsapp: 'WhatsApp',
  chatwoot: 'Chatwoot',
  live_chat: 'Website chat',
};
