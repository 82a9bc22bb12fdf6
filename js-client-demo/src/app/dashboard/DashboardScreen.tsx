import { useStore } from '@nanostores/react';
import { useEffect, useRef } from 'react';
import { useInbox, useLive } from '../../hooks';
import { useFormat } from '../format';
import { useNow } from '../now';
import { isLacking, Rest, useAnswer, useRefresh } from '../rest';
import { Health } from './Health';
import { NoFigures } from './NoFigures';
import { Team } from './Team';
import { dashboardText } from './text';
import { Volume } from './Volume';
import './dashboard.css';

/** How often figures are fetched when nothing happens, and how often at most when much does. */
const everyMs = 30_000;
const atMostEveryMs = 2_000;

const key = ['stats'];

/** What there is to do, and how quick one is. */
export function DashboardScreen() {
  return (
    <Rest>
      <Dashboard />
    </Rest>
  );
}

function Dashboard() {
  useFollowing();
  const text = useStore(dashboardText);
  const format = useFormat();
  const now = useNow();
  const role = useLive((state) => state.me?.user.role);
  const answer = useAnswer(
    key,
    (api, signal) => api.GET('/api/stats', { params: { query: {} }, signal }),
    everyMs,
  );
  const { data: stats } = answer;
  if (!stats) {
    return (
      <div className="dashboard" aria-busy={!isLacking(answer)}>
        {isLacking(answer) && <NoFigures of={key} />}
      </div>
    );
  }

  const took = (seconds: number | null | undefined) =>
    typeof seconds === 'number' ? format.duration(seconds * 1_000) : text.never;
  const { waiting, messages, times } = stats;
  const oldest = waiting.oldestSince;
  const figures = [
    [text.open, format.number(stats.now.open), text.unread(stats.now.unread)],
    [
      text.waiting,
      format.number(waiting.count),
      oldest ? text.oldest({ time: format.duration(now - Date.parse(oldest)) }) : text.noneWaiting,
    ],
    [text.unassigned, format.number(stats.now.unassigned), ''],
    [
      text.firstResponse,
      took(times.firstResponse.median),
      times.firstResponse.p90 === null ? '' : text.ninety({ time: took(times.firstResponse.p90) }),
    ],
    [
      text.messages,
      format.number(messages.received + messages.sent),
      `${text.receivedCount(messages.received)}, ${text.sentCount(messages.sent)}`,
    ],
    [text.resolution, took(times.resolution.median), text.resolvedCount(times.resolution.count)],
  ];
  const most = Math.max(1, ...stats.inboxes.map(({ received, sent }) => received + sent));
  return (
    <div className="dashboard">
      <dl className="panel kpis" aria-label={text.figures}>
        {figures.map(([name, value, more]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            {more && <dd>{more}</dd>}
          </div>
        ))}
      </dl>
      <section className="panel volume">
        <h2>{text.volume}</h2>
        <Volume hours={messages.hours} />
      </section>
      <section className="panel">
        <h2>{text.byInbox}</h2>
        <ul className="bars">
          {stats.inboxes.map(({ inbox, received, sent }) => (
            <li key={inbox.id}>
              <span>{inbox.name}</span>
              <strong>{format.number(received + sent)}</strong>
              <meter
                className={inbox.channel}
                min={0}
                max={most}
                value={received + sent}
                aria-label={inbox.name}
              />
            </li>
          ))}
        </ul>
        <h2>{text.failures}</h2>
        {stats.failures.length === 0 && <p className="hint">{text.noFailures}</p>}
        <ul className="rows">
          {stats.failures.map(({ code, count }) => (
            <li key={code}>
              <span>{code ?? text.unknownCode}</span>
              <strong>{format.number(count)}</strong>
            </li>
          ))}
        </ul>
      </section>
      <Team took={took} everyMs={everyMs} />
      {role !== undefined && role !== 'agent' && <Health everyMs={everyMs} />}
    </div>
  );
}

/** Has the figures fetched again after events, but not more often than they can be read. */
function useFollowing(): void {
  const inbox = useInbox();
  const refresh = useRefresh(key);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = inbox.listen(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!document.hidden) latest.current();
      }, atMostEveryMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [inbox]);
}
