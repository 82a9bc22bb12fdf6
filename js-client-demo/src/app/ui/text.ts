import { i18n } from '../i18n';

export const messageText = i18n('message', {
  PENDING: 'Na fila',
  SENT: 'Enviada',
  DELIVERED: 'Entregue',
  READ: 'Lida',
  FAILED: 'Não enviada',
  TEXT: 'Texto',
  IMAGE: 'Imagem',
  VIDEO: 'Vídeo',
  AUDIO: 'Áudio',
  DOCUMENT: 'Documento',
  LOCATION: 'Localização',
  sticker: 'Figurinha',
  voice: 'Mensagem de voz',
  deleted: 'Mensagem apagada',
  whatsapp: 'WhatsApp',
  chatwoot: 'Chatwoot',
  live_chat: 'Chat do site',
});
