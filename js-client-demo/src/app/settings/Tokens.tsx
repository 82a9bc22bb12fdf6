import { useStore } from '@nanostores/react';
import { useState } from 'react';
import type { components } from '../../inbox-client/generated/api';
import { useFormat } from '../format';
import { useAnswer, useDeed } from '../rest';
import { Copyable } from './Copyable';
import { Choice, Field } from './Field';
import { Form } from './Form';
import { settingsText } from './text';

type Scope = components['schemas']['Scope'];

const key = ['tokens'];
const scopes = ['read', 'write', 'admin'] as const satisfies Scope[];

/** One's own tokens for programs; each is shown once, when it is made. */
export function Tokens() {
  const text = useStore(settingsText);
  const format = useFormat();
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<{ id: string; token: string } | null>(null);
  const { data, isLoadingError } = useAnswer(key, (api, signal) =>
    api.GET('/api/tokens', { signal }),
  );
  const add = useDeed(key, (api, body: components['schemas']['NewToken']) =>
    api.POST('/api/tokens', { body }),
  );
  const revoke = useDeed(key, (api, id: string) =>
    api.DELETE('/api/tokens/{id}', { params: { path: { id } } }),
  );

  async function save({ name = '', ...fields }: Record<string, string>) {
    const wanted = scopes.filter((scope) => fields[scope]);
    setMade(await add.ask({ name, scopes: wanted }));
  }

  if (isLoadingError) return <p role="alert">{text.failed}</p>;
  return (
    <>
      <p className="hint">{text.tokensHint}</p>
      {made && data?.tokens.some(({ id }) => id === made.id) && (
        <div className="made" role="status">
          <p>{text.tokenOnce}</p>
          <Copyable label={text.token} words={made.token} />
        </div>
      )}
      {data?.tokens.length === 0 && <p className="hint">{text.noTokens}</p>}
      <ul className="entries">
        {data?.tokens.map((token) => (
          <li key={token.id}>
            <div>
              <strong>{token.name}</strong>
              <span>{token.scopes.join(', ')}</span>
              <span>
                {text.created}: {format.moment(token.createdAt)} · {text.lastUsed}:{' '}
                {token.lastUsedAt ? format.moment(token.lastUsedAt) : text.never}
              </span>
            </div>
            <button type="button" className="button danger" onClick={() => revoke.run(token.id)}>
              {text.revoke}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button primary" onClick={() => setAdding(true)}>
        {text.add}
      </button>
      {isAdding && (
        <Form heading={text.add} onSave={save} onClose={() => setAdding(false)}>
          <Field label={text.name} name="name" required maxLength={100} />
          <fieldset>
            <legend>{text.scopes}</legend>
            {scopes.map((scope, index) => (
              <Choice key={scope} label={scope} name={scope} defaultChecked={index === 0} />
            ))}
          </fieldset>
        </Form>
      )}
    </>
  );
}
