import { useStore } from '@nanostores/react';
import { useLive } from '../../hooks';
import { useFormat } from '../format';
import { isLacking, useAnswer } from '../rest';
import { Avatar } from '../ui/Avatar';
import { NoFigures } from './NoFigures';
import { dashboardText } from './text';

type Props = { took: (seconds: number | null | undefined) => string; everyMs: number };

const key = ['stats', 'agents'];

/** Each agent's figures, and whether they are there. */
export function Team({ took, everyMs }: Props) {
  const text = useStore(dashboardText);
  const format = useFormat();
  const presence = useLive((state) => state.presence);
  const answer = useAnswer(
    key,
    (api, signal) => api.GET('/api/stats/agents', { params: { query: {} }, signal }),
    everyMs,
  );
  const { data } = answer;
  return (
    <section className="panel team">
      <h2>{text.team}</h2>
      {isLacking(answer) && <NoFigures of={key} />}
      {data?.agents.length === 0 && <p className="hint">{text.nobody}</p>}
      {data && data.agents.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.agent}</th>
                <th scope="col">{text.agentOpen}</th>
                <th scope="col">{text.agentSent}</th>
                <th scope="col">{text.agentFirst}</th>
              </tr>
            </thead>
            <tbody>
              {data.agents.map(({ userId, name, now, sent, times }) => {
                const isThere = presence.get(userId)?.status === 'online';
                return (
                  <tr key={userId}>
                    <th scope="row">
                      <div className="person">
                        <Avatar id={userId} name={name ?? userId} size={30} />
                        <span>
                          {name ?? userId}
                          <small data-there={isThere}>{isThere ? text.online : text.offline}</small>
                        </span>
                      </div>
                    </th>
                    <td>{format.number(now.open)}</td>
                    <td>{format.number(sent)}</td>
                    <td>{took(times.firstResponse.median)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
