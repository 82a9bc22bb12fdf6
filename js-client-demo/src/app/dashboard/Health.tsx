import { useStore } from '@nanostores/react';
import { useQuery } from '@tanstack/react-query';
import { useFormat } from '../format';
import { useNames } from '../people';
import { useAnswer } from '../rest';
import { session } from '../session/session';
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

/** How many are connected to all nodes, and the connections to the node that answers. */
type Connections = { total: number; connections: Connected[] };

const NOBODY: Connections = { total: 0, connections: [] };

/** Who is connected and how far behind, and how sending goes. For admins. */
export function Health({ everyMs }: { everyMs: number }) {
  const text = useStore(dashboardText);
  const format = useFormat();
  const names = useNames();
  const { data: { total, connections } = NOBODY } = useQuery({
    queryKey: ['stats', 'connections'],
    queryFn: ({ signal }) => fetchConnections(signal),
    refetchInterval: everyMs,
  });
  const { data: sending } = useAnswer(
    ['stats', 'sending'],
    (api, signal) => api.GET('/api/sending', { signal }),
    everyMs,
  );
  const who = (id: string) => (id.startsWith('visitor:') ? text.visitor : (names[id] ?? id));
  const lag = Math.max(0, ...connections.map((each) => each.lag));
  return (
    <section className="panel health">
      <h2>{text.health}</h2>
      <dl className="tiles">
        <div>
          <dt>{text.connections}</dt>
          <dd>{format.number(total)}</dd>
        </div>
        <div>
          <dt>{text.websocket}</dt>
          <dd>
            {format.number(connections.filter((each) => each.transport === 'websocket').length)}
          </dd>
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
      <h2>{text.sending}</h2>
      <ul className="rows">
        {sending?.inboxes.map(({ inboxId, name, waiting, heldUntil }) => (
          <li key={inboxId}>
            <span>{name}</span>
            <span>{text.waitingToSend(waiting)}</span>
            <strong data-bad={Boolean(heldUntil)}>{heldUntil ? text.held : text.flowing}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function fetchConnections(signal: AbortSignal): Promise<Connections> {
  const stats = await fetchSockets<{ totalConnections: number }>('stats', signal);
  const connections = await fetchSockets<Connected[]>('connections', signal);
  return { total: stats?.totalConnections ?? 0, connections: connections ?? [] };
}

/** The description of the API tells of `/api/` resources; these belong to the sockets. */
async function fetchSockets<What>(what: string, signal: AbortSignal): Promise<What | null> {
  const token = await session.token();
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`/api/socket/${what}`, { headers, signal });
  return response.ok ? response.json() : null;
}
