import { legacyPolling, polling, stream } from './http.mjs';
import { following3, following4, syncing2, unchanged } from './socketio.mjs';

const SOONEST_CHANGE = 5;
const LATEST_CHANGE = 150;

/** Changes between three transports in mid-stream, and takes only its cursor along. */
function changing(context) {
  const { record, random } = context;
  const ways = [following4, stream, polling];
  let current;
  let countdown;
  const change = (way) => {
    current?.stop();
    countdown = random.between(SOONEST_CHANGE, LATEST_CHANGE);
    current = way(context);
    current.way = way;
  };
  record.onEvent = () => {
    countdown -= 1;
    if (countdown > 0) return;
    record.changes += 1;
    change(random.pick(ways.filter((way) => way !== current.way)));
  };
  record.changes = 0;
  change(random.pick(ways));
  return { ready: current.ready, transport: () => `${record.changes} changes`, stop: () => current.stop() };
}

/** The kinds of clients, which are taken in turn. */
export const kinds = [
  { name: '4.x unchanged', start: unchanged, hasTransports: true, isAdvised: true },
  { name: '4.x after', start: following4, hasTransports: true },
  { name: '2.x sync', start: syncing2, hasTransports: true },
  { name: '3.x after', start: following3, hasTransports: true },
  { name: 'sse', start: stream },
  { name: 'polling', start: polling },
  { name: 'legacy polling', start: legacyPolling },
  { name: 'changer', start: changing, hasTransports: true },
];
