import { count, params } from '@nanostores/i18n';
import { i18n } from '../i18n';

export const boardText = i18n('board', {
  conversations: count({ one: '1 conversa', other: '{count} conversas' }),
  unread: count({ one: '1 não lida', other: '{count} não lidas' }),
  stages: 'Etapas',
  emptyStage: 'Nenhuma conversa nesta etapa',
  shownOf: params('Mostrando {shown} de {total}'),
  noMessages: 'Nenhuma mensagem ainda',
  waiting: params('{time} sem resposta'),
});
