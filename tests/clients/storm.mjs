// Thousands of websockets are cut at once and come back, slow, stuck and hostile ones among them, while messages come:
// node storm.mjs --server ../../target/release/recado
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endOfLog } from './chaos/http.mjs';
import { Publisher } from './chaos/publisher.mjs';
import { Random } from './chaos/random.mjs';
import { Server } from './chaos/server.mjs';
import { tokenOf } from './chaos/token.mjs';
import { pause, until } from './chaos/wait.mjs';

const USAGE = 'usage: node storm.mjs --server PATH_TO_RECADO [--clients 10000] [--processes 4] [--messages 60] [--seconds-limit 600]';

const SETTINGS = { tenant: 'storm', phone: 'phone', secret: 'the secret of a server that lives for one test' };

/** Of a hundred clients, how many are not good; and when who does not read is let go, in seconds. */
const SHARES = { slow: 5, stuck: 3, hostile: 2 };
const PATIENCE = '15';

/** As whom they connect: each agent has many tabs open, for a team is told of all who come. */
const AGENTS = 20;

/** Messages before, during and after the storm come at so many events a second. */
const RATE = 4;

const options = readOptions();
const deadline = Date.now() + options.secondsLimit * 1000;
const random = new Random(1);
const server = await Server.start(options.server, { ...SETTINGS, flags: ['--slow-client-timeout', PATIENCE] }, random);
const publisher = new Publisher(server.url, SETTINGS.phone, options.messages, random.fork());
const tokens = Array.from({ length: AGENTS }, (_, number) => tokenOf(`agent-${number}`, SETTINGS.tenant, SETTINGS.secret));
const crowds = Array.from({ length: options.processes }, (_, number) => gather(number));
const probes = probe();

await phase('everybody is connected', () => those('good', 'slow').every(({ connected, of }) => connected === of));
await publish(1 / 3);
await phase('everybody has what came', () => haveAll('good', 'slow'));
for (const { child } of crowds) child.send({ order: 'cut' });
const storm = publish(2 / 3);
await phase('everybody is back', () => crowds.every(({ back, readers }) => back.length === readers));
await storm;
await phase('everybody has what came', () => haveAll('good', 'slow'));
for (const { child } of crowds) child.send({ order: 'free' });
await publish(1);
await phase('also who was stuck', () => haveAll('good', 'slow', 'stuck'));
report();

function gather(number) {
  const share = Math.floor(options.clients / options.processes);
  const manners = Array.from({ length: share }, (_, client) => {
    let among = client % 100;
    return Object.keys(SHARES).find((manner) => (among -= SHARES[manner]) < 0) ?? 'good';
  });
  const child = fork(new URL('storm/crowd.mjs', import.meta.url));
  process.on('exit', () => child.kill());
  // Ports of an address are not enough for all that come and go.
  const where = { port: server.port, host: '127.0.0.1', localAddress: `127.0.2.${number + 1}` };
  child.send({ order: 'gather', where, tokens, manners });
  const of = (manner) => manners.filter((it) => it === manner).length;
  const crowd = { child, of, readers: of('good') + of('slow'), told: {}, back: [] };
  child.on('message', (message) => Object.assign(crowd, message));
  return crowd;
}

/** How those of some kinds get on, by process. */
function those(...manners) {
  return crowds.flatMap(({ told, of }) => manners.map((manner) => ({ connected: 0, last: -1, lost: 0, repeated: 0, ...told[manner], of: of(manner) })));
}

function haveAll(...manners) {
  return those(...manners).every(({ last, of }) => of === 0 || last >= publisher.acknowledged * 2);
}

async function publish(share) {
  await publisher.publish(Math.ceil(options.messages * share), RATE);
}

/** Waits for something, and prints how long that took. */
async function phase(what, isSo) {
  const began = Date.now();
  if (!(await until(deadline, isSo))) {
    console.error(`not within ${options.secondsLimit} s: ${what}\n${JSON.stringify(those('good', 'slow', 'stuck'))}\n${server.lines.join('\n')}`);
    process.exit(1);
  }
  console.log(`# ${what}: ${seconds(Date.now() - began)}, ${memory()} MiB`);
}

/** Asks the server all the time whether it is ready; returns the longest time that it took, and how often it was not. */
function probe() {
  const found = { longest: 0, refusals: 0 };
  const ask = async () => {
    for (;;) {
      const began = Date.now();
      const answer = await fetch(`${server.url}/health/ready`, { signal: AbortSignal.timeout(30_000) }).catch(() => undefined);
      found.longest = Math.max(found.longest, Date.now() - began);
      if (answer?.status !== 200) found.refusals += 1;
      await answer?.text();
      await pause(100);
    }
  };
  ask();
  return found;
}

async function report() {
  const back = crowds.flatMap(({ back }) => back).sort((one, other) => one - other);
  const at = (share) => seconds(back[Math.min(back.length - 1, Math.floor(back.length * share))]);
  const all = those('good', 'slow', 'stuck');
  const sum = (what) => all.reduce((sum, counts) => sum + counts[what], 0);
  const end = await endOfLog({ url: server.url, token: tokens[0] });
  console.log(`# ${options.clients} websockets cut at once: half were back after ${at(0.5)}, 99 of 100 after ${at(0.99)}, all after ${at(1)}`);
  console.log(`# ${end} events; the server took ${seconds(probes.longest)} at most to say that it is ready, and was not ${probes.refusals} times`);
  const lines = server.lines.filter((line) => !line.includes('a client takes nothing any more'));
  for (const line of lines) console.log(`# server: ${line}`);
  console.log(`lost ${sum('lost')}, repeated ${sum('repeated')}`);
  const isWhole = end === options.messages * 2 && sum('lost') + sum('repeated') === 0;
  process.exit(isWhole ? 0 : 1);
}

function memory() {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function readOptions() {
  try {
    const names = ['server', 'clients', 'processes', 'messages', 'seconds-limit'];
    const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
    if (!values.server) throw new Error('--server is missing');
    const count = (name, usual) => {
      const value = Number(values[name] ?? usual);
      if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a number`);
      return value;
    };
    return {
      server: values.server,
      clients: count('clients', 10_000),
      processes: count('processes', 4),
      messages: count('messages', 60),
      secondsLimit: count('seconds-limit', 600),
    };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
