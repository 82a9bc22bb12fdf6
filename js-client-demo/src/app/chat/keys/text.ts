import { i18n } from '../../i18n';

export const keysText = i18n('chatKeys', {
  title: 'Atalhos do teclado',
  close: 'Fechar',
  next: 'Próxima conversa',
  previous: 'Conversa anterior',
  reply: 'Responder',
  note: 'Escrever uma nota',
  leave: 'Sair do campo, depois da conversa',
  search: 'Buscar conversas',
  find: 'Buscar na conversa',
  resolve: 'Resolver ou reabrir',
  unread: 'Marcar como não lida',
  canned: 'Respostas prontas, ao escrever',
  send: 'Enviar',
  breakLine: 'Quebrar a linha',
  help: 'Esta lista',
  or: 'ou',
});
