import { useStore } from '@nanostores/react';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../inbox-client';
import { Logo } from '../ui/Logo';
import { session } from './session';
import { loginText } from './text';
import './login.css';

type Refusal = 'wrong' | 'disabled' | 'tooMany' | 'away';
type Attempt = 'idle' | 'asking' | Refusal;

/** Asks for e-mail and password, and signs in with them; `isBack` for whose session is over. */
export function Login({ isBack }: { isBack: boolean }) {
  const text = useStore(loginText);
  const [attempt, setAttempt] = useState<Attempt>('idle');

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setAttempt('asking');
    try {
      await session.signIn(String(form.get('email')), String(form.get('password')));
    } catch (problem) {
      setAttempt(refusalOf(problem));
    }
  }

  const refusal = attempt === 'idle' ? isBack && 'expired' : attempt !== 'asking' && attempt;
  return (
    <main className="login">
      <form onSubmit={submit}>
        <Logo />
        <h1>Recado</h1>
        <p className="tagline">{text.tagline}</p>
        {refusal && (
          <p className="refusal" role="alert">
            {text[refusal]}
          </p>
        )}
        <label>
          {text.email}
          <input type="email" name="email" autoComplete="username" required />
        </label>
        <label>
          {text.password}
          <input type="password" name="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className="button primary" disabled={attempt === 'asking'}>
          {attempt === 'asking' ? text.signingIn : text.signIn}
        </button>
      </form>
    </main>
  );
}

/** In the few words of this form: those for all refusals are not to hold up the first screen. */
function refusalOf(problem: unknown): Refusal {
  if (!(problem instanceof ApiError)) return 'away';
  if (problem.status === 429) return 'tooMany';
  if (problem.code === 'account_disabled') return 'disabled';
  return problem.status < 500 ? 'wrong' : 'away';
}
