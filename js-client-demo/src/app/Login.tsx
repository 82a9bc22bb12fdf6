import { type FormEvent, useState } from 'react';
import { ApiError, signIn } from '../inbox-client/api';
import type { Session } from '../inbox-client/wire';
import { Logo } from './icons';
import { text } from './text';

type Attempt = { phase: 'idle' } | { phase: 'asking' } | { phase: 'refused'; reason: string };

/** Asks for e-mail and password and hands over the session they open. */
export function Login(props: { expired: boolean; onSession: (session: Session) => void }) {
  const [attempt, setAttempt] = useState<Attempt>(
    props.expired ? { phase: 'refused', reason: text.sessionExpired } : { phase: 'idle' },
  );

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setAttempt({ phase: 'asking' });
    try {
      props.onSession(await signIn(String(form.get('email')), String(form.get('password'))));
    } catch (problem) {
      setAttempt({ phase: 'refused', reason: reasonFor(problem) });
    }
  }

  return (
    <main className="login">
      <form className="login-card" onSubmit={submit}>
        <Logo />
        <h1>Recado</h1>
        <p className="tagline">{text.tagline}</p>
        {attempt.phase === 'refused' && (
          <p className="login-refusal" role="alert">
            {attempt.reason}
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
        <button type="submit" className="primary" disabled={attempt.phase === 'asking'}>
          {attempt.phase === 'asking' ? text.signingIn : text.signIn}
        </button>
      </form>
    </main>
  );
}

function reasonFor(problem: unknown): string {
  if (!(problem instanceof ApiError)) return text.serverAway;
  if (problem.status === 429) return text.tooManyTries;
  return problem.status < 500 ? text.wrongCredentials : text.serverAway;
}
