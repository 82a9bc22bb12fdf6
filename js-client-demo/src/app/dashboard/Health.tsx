import { useStore } from '@nanostores/react';
import { useQuery } from '@tanstack/react-query';
import { answer, authorised } from '../../inbox-client';
import { useFormat } from '../format';
import { useNames } from '../people';
import { isLacking, useAnswer } from '../rest';
import { session } from '../session/session';
import { NoFigures } from './NoFigures';
import { dashboardText } from './text';

/** A client's connection to the node that answers, as `GET /api/socket/connections` tells it. */
type Connected = {
  id: string;
  userId: string;
  transport: 'websocket' | 'polling';
  connectedAt: string;
  /** Events that it has yet to be sent. */
  lag: number;
};

type Props = { everyMs: number };

/** Who is connected and how far behind, and how sending goes. For admins. */
export function Health({ everyMs }: Props) {
  const text = useStore(dashboardText);
  return (
    <section className="panel health">
      <h2>{text.health}</h2>
      <Connections everyMs={everyMs} />
      <h2>{text.sending}</h2>
      <Sending everyMs={everyMs} />
    </section>
  );
}

const connectionsKey = ['stats', 'connections'];

function Connections({ everyMs }: Props) {
  const text = useStore(dashboardText);
  const format = useFormat();
  const names = useNames();
  const asked = useQuery({
    queryKey: connectionsKey,
    queryFn: async ({ signal }) => ({
      /** Of all nodes. */
      stats: await askSockets<{ totalConnections: number }>('stats', signal),
      connections: await askSockets<Connected[]>('connections', signal),
    }),
    refetchInterval: everyMs,
  });
  if (!asked.data) return isLacking(asked) && <NoFigures of={connectionsKey} />;

  const { stats, connections } = asked.data;
  const total = stats.totalConnections;
  const websockets = connections.filter((each) => each.transport === 'websocket').length;
  const lag = Math.max(0, ...connections.map((each) => each.lag));
  const who = (id: string) => (id.startsWith('visitor:') ? text.visitor : (names[id] ?? id));
  return (
    <>
      <dl className="tiles">
        <div>
          <dt>{text.connections}</dt>
          <dd>{format.number(total)}</dd>
        </div>
        <div>
          <dt>{text.websocket}</dt>
          <dd>{format.number(websockets)}</dd>
        </div>
        <div>
          <dt>{text.lag}</dt>
          <dd>{text.events(lag)}</dd>
        </div>
      </dl>
      <div className="table">
        <table>
          {total > connections.length && <caption>{text.ofOneNode(connections.length)}</caption>}
          <thead>
            <tr>
              <th scope="col">{text.who}</th>
              <th scope="col">{text.transport}</th>
              <th scope="col">{text.behind}</th>
              <th scope="col">{text.connected}</th>
            </tr>
          </thead>
          <tbody>
            {connections.slice(0, 10).map((each) => (
              <tr key={each.id}>
                <th scope="row">{who(each.userId)}</th>
                <td>{each.transport}</td>
                <td>{format.number(each.lag)}</td>
                <td>{format.timeOfDay(each.connectedAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const sendingKey = ['stats', 'sending'];

function Sending({ everyMs }: Props) {
  const text = useStore(dashboardText);
  const asked = useAnswer(
    sendingKey,
    (api, signal) => api.GET('/api/sending', { signal }),
    everyMs,
  );
  if (!asked.data) return isLacking(asked) && <NoFigures of={sendingKey} />;

  return (
    <ul className="rows">
      {asked.data.inboxes.map(({ inboxId, name, waiting, heldUntil }) => (
        <li key={inboxId}>
          <span>{name}</span>
          <span>{text.waitingToSend(waiting)}</span>
          <strong data-bad={Boolean(heldUntil)}>{heldUntil ? text.held : text.flowing}</strong>
        </li>
      ))}
    </ul>
  );
}

/** The description of the API tells of `/api/` resources; these belong to the sockets. */
async function askSockets<Data>(what: string, signal: AbortSignal): Promise<Data> {
  const request = new Request(`/api/socket/${what}`, { signal });
  const response = await authorised(session, fetch, request);
  const said = await response.json();
  return answer(Promise.resolve({ [response.ok ? 'data' : 'error']: said, response }));
}
