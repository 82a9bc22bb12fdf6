import { parseArgs } from 'node:util';
import { FAULTS } from './faults.mjs';
import { FRONTS } from './front.mjs';
import { PROXIES } from './proxy.mjs';
import { SABOTAGES } from './sabotage.mjs';

const USAGE = `usage: node chaos.mjs --server PATH_TO_RECADO [--database-url URL] [--events 10000] [--clients 30]
  [--cuts 200] [--kills 2] [--rate EVENTS_PER_SECOND] [--seed N] [--seconds-limit 300]
  [--proxy ${Object.keys(PROXIES).join('|')}]
                                  a bad proxy in place of cuts and kills, with 200 events
  [--${FRONTS.join('|--')} CONFIGURATION [--nodes 3] [--restarts 3]]
                                  nodes on one database behind that (PROXY_PROGRAM), restarted in turn instead
  [--fault NAME]                  something beneath the server fails instead, and works again after a while:
${Object.entries(FAULTS).map(([name, { about }]) => `      ${name.padEnd(20)}${about}`).join('\n')}
  [--sabotage ${SABOTAGES.join('|')}]   break something on purpose: the run has to fail`;

const NAMES = ['server', 'database-url', 'events', 'clients', 'cuts', 'kills', 'rate', 'seed', 'seconds-limit'];
NAMES.push('proxy', ...FRONTS, 'nodes', 'restarts', 'fault', 'sabotage');

/** What the command line asks for; a wrong one ends the program. */
export function readOptions() {
  try {
    const { values } = parseArgs({ options: Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])) });
    return understood(values);
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

function understood(values) {
  const count = (name, usual) => {
    const value = Number(values[name] ?? usual);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a number`);
    return value;
  };
  const oneOf = (name, choices) => {
    if (values[name] !== undefined && !choices.includes(values[name])) throw new Error(`--${name} takes ${choices.join(', ')}`);
    return values[name];
  };
  if (!values.server) throw new Error('--server is missing');
  const proxy = oneOf('proxy', Object.keys(PROXIES));
  const fault = oneOf('fault', Object.keys(FAULTS));
  const name = FRONTS.find((each) => values[each]);
  const front = name && { name, program: process.env.PROXY_PROGRAM ?? name, configuration: values[name] };
  const databaseUrl = values['database-url'] ?? (front && process.env.TEST_DATABASE_URL);
  if (front && !databaseUrl) throw new Error(`--${name} takes a --database-url, or TEST_DATABASE_URL, that nodes can share`);
  const isCalm = proxy || front || fault;
  return {
    server: values.server,
    databaseUrl,
    front,
    fault,
    nodes: Math.max(1, count('nodes', front ? 3 : (FAULTS[fault]?.nodes ?? 1))),
    restarts: front ? count('restarts', 3) : 0,
    events: Math.max(4, count('events', proxy ? 200 : (FAULTS[fault]?.events ?? 10_000))),
    clients: count('clients', fault ? 16 : 30),
    cuts: count('cuts', isCalm ? 0 : 200),
    kills: count('kills', isCalm ? 0 : 2),
    rate: Math.max(1, count('rate', proxy ? 50 : 250)),
    seed: count('seed', Math.floor(Math.random() * 2 ** 32)),
    secondsLimit: count('seconds-limit', 300),
    proxy,
    sabotage: oneOf('sabotage', SABOTAGES),
  };
}
