import type { In } from '../i18n/in';
import type { loginText } from './text';

export const login: In<typeof loginText> = {
  tagline: 'All of your team’s conversations on one board.',
  email: 'E-mail',
  password: 'Password',
  signIn: 'Sign in',
  signingIn: 'Signing in…',
  expired: 'Your session has expired. Sign in again to go on where you were.',
  wrong: 'Wrong e-mail or password.',
  disabled: 'This account is disabled.',
  tooMany: 'Too many attempts. Wait a little and try again.',
  away: 'The server could not be reached. Try again.',
};
