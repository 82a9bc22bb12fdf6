import { i18n } from '../i18n';

export const loginText = i18n('login', {
  tagline: 'Todas as conversas da sua equipe, em um só quadro.',
  email: 'E-mail',
  password: 'Senha',
  signIn: 'Entrar',
  signingIn: 'Entrando…',
  expired: 'Sua sessão expirou. Entre de novo para continuar de onde parou.',
  wrong: 'E-mail ou senha incorretos.',
  disabled: 'Esta conta está desativada.',
  tooMany: 'Tentativas demais. Espere um pouco e tente de novo.',
  away: 'Não foi possível falar com o servidor. Tente de novo.',
});
