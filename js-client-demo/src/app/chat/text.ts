import { i18n } from '../i18n';

export const chatText = i18n('chat', {
  conversations: 'Conversas',
  choose: 'Escolha uma conversa.',
  back: 'Voltar',
  older: 'Mensagens anteriores',
  failed: 'Não foi possível carregar as mensagens.',
  none: 'Nenhuma mensagem ainda',
  edited: 'editada',
  reactions: 'Reações',
});
