import { useStore } from '@nanostores/react';
import { useQuery } from '@tanstack/react-query';
import { useFormat } from '../format';
import { useNames } from '../people';
import { useAnswer } from '../rest';
import { session } from '../session/session';
import { dashboardText } from './text';

/** A client's connection, as `GET /api/socket/connections` tells it. */
type Connected = {
  id: string;
  userId: string;
  transport: 'websocket' | 'polling';
  connectedAt: string;
  /** Events that it has yet to be sent. */
  lag: number;
};

/** Who is connected and how far behind, and how sending goes. For admins. */
export function Health({ everyMs }: { everyMs: number }) {
  const text = useStore(dashboardText);
  const format = useFormat();
  const names = useNames();
  const { data: connections = [] } = useQuery({
    queryKey: ['stats', 'connections'],
    queryFn: ({ signal }) => fetchConnections(signal),
    refetchInterval: everyMs,
  });
  const { data: sending } = useAnswer(
    ['stats', 'sending'],
    (api, signal) => api.GET('/api/sending', { signal }),
    everyMs,
  );
  const lag = Math.max(0, ...connections.map((each) => each.lag));
  return (
    <section className="panel health">
      <h2>{text.health}</h2>
      <dl className="tiles">
        <div>
          <dt>{text.connections}</dt>
          <dd>{format.number(connections.length)}</dd>
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
                <th scope="row">{names[each.userId] ?? each.userId}</th>
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

/** The description of the API tells of `/api/` resources; this one belongs to the sockets. */
async function fetchConnections(signal: AbortSignal): Promise<Connected[]> {
  const token = await session.token();
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch('/api/socket/connections', { headers, signal });
  return response.ok ? response.json() : [];
}
