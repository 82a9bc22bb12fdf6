import { stepsBack } from './faults/clock.mjs';
import { full } from './faults/disk.mjs';
import { reset, silence } from './faults/network.mjs';
import { failover, paused, restarted } from './faults/postgres.mjs';

/**
 * What may fail beneath a server. Each says what it is `about`, how many `nodes` and `events` it takes, and `open`s to an object with
 * `settings` for the nodes, `begin`, `end`, and for how many `seconds` it lasts in between. While it lasts the nodes are
 * not ready, unless it `isHarmless`.
 */
export const FAULTS = {
  'postgres-restart': restarted('fast', 'PostgreSQL is restarted, and says goodbye'),
  'postgres-crash': restarted('immediate', 'PostgreSQL crashes, and recovers'),
  'postgres-pause': paused('none of the processes of PostgreSQL gets on, and nothing is closed'),
  'postgres-failover': failover('all connections are ended at once, and new ones refused for a while'),
  'network-reset': reset('nothing passes between nodes and PostgreSQL, until all connections are reset'),
  'network-silence': silence('nothing passes between nodes and PostgreSQL, later only on new connections'),
  'disk-full': full('there is no room for the SQLite database, until there is'),
  'clock-back': stepsBack('the clock steps back by an hour, and later forward'),
};
