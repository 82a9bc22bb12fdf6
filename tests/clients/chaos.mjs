// Cuts connections and kills the server while many clients listen, and compares what each has got with what was sent:
// node chaos.mjs --server ../../target/debug/recado
import { FAULTS } from './chaos/faults.mjs';
import { Front } from './chaos/front.mjs';
import { endOfLog } from './chaos/http.mjs';
import { kinds } from './chaos/kinds.mjs';
import { Misfortune } from './chaos/misfortune.mjs';
import { readOptions } from './chaos/options.mjs';
import { Way } from './chaos/proxy.mjs';
import { Publisher } from './chaos/publisher.mjs';
import { Random } from './chaos/random.mjs';
import { gist, Record } from './chaos/record.mjs';
import { sabotage } from './chaos/sabotage.mjs';
import { Server } from './chaos/server.mjs';
import { printTable } from './chaos/table.mjs';
import { tokenOf } from './chaos/token.mjs';
import { pause, until } from './chaos/wait.mjs';

const SETTINGS = { tenant: 'chaos', phone: 'phone', secret: 'the secret of a server that lives for one test' };

/** How long after its turn a cut or a kill comes at most, in milliseconds. */
const LATEST = 100;

/** After how long without an event for anybody, in milliseconds, nobody is waited for any more. */
const QUIET = 60_000;

const options = readOptions();
const deadline = Date.now() + options.secondsLimit * 1000;
const began = Date.now();
console.log(`# seed ${options.seed}`);
const random = new Random(options.seed);
const fault = options.fault && (await FAULTS[options.fault].open(random.fork()));
const nodes = [];
while (nodes.length < options.nodes) {
  const settings = { ...SETTINGS, databaseUrl: options.databaseUrl, ...fault?.settings };
  nodes.push(await Server.start(options.server, settings, random.fork()));
}
const server = options.front ? await Front.start(options.front, nodes, random.fork()) : nodes[0];
const observer = { url: server.url, token: tokenOf('observer', SETTINGS.tenant, SETTINGS.secret) };
const before = await endOfLog(observer);
const told = new Map();
const messages = Math.ceil(options.events / 2);
const last = before + messages * 2;
const publisher = new Publisher(server.url, SETTINGS.phone, messages, random.fork());

/** Kills and restarts, one after the other. */
let restarting = Promise.resolve();
const clients = [];
for (let number = 0; number < options.clients; number += 1) clients.push(await startClient(number));
for (const client of clients) client.running.ready.then(() => (client.isReady = true));
await require(Promise.all(clients.map(({ running }) => running.ready)), 'all clients are connected');

const misfortune = fault && new Misfortune(fault, nodes, clients.map(({ record }) => record), cutAll);
const spread = options.front ? await Promise.all(nodes.map(connections)) : [];

// A client that is cut off before it has got anything must miss nothing either.
cutAll();
await require(publisher.publish(messages - 1, options.rate, disturbances()), 'everything is published');
await pause(LATEST * 2); // Until the last of them has begun.
await require(restarting, 'all nodes are back');
if (misfortune) await require(misfortune.over(), 'all nodes are ready');
let isComplete = await everybodyHas(last - 2);
if (isComplete) {
  // Nor must one that is cut off when it has everything get anything twice; the last message shows that it is back.
  cutAll();
  await require(publisher.publish(messages, options.rate), 'the last message is published');
  isComplete = await everybodyHas(last);
}
clients.forEach(({ running }) => running.stop());
// What a node remembers is one thing, what is stored another.
for (const node of fault ? nodes : []) await node.restart();
await Promise.all(nodes.map((node) => node.answers()));
await report();

/** What the rest of the run needs; without it there is nothing to compare. */
async function require(promise, what) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - Date.now()), 'late');
  });
  if ((await Promise.race([promise, late])) === 'late') {
    const states = clients.map(({ name, transport, isReady, record }) =>
      [`${name}, ${transport}: ${isReady ? `${record.received} events` : 'never connected'}`, ...record.details].join('; '),
    );
    console.error(`not within ${options.secondsLimit} s: ${what}\n${states.join('\n')}\n${lines().join('\n')}`);
    process.exit(1);
  }
  clearTimeout(timer);
}

/** Waits until all clients have an event; false when they do not get it in time, or nobody gets anything any more. */
async function everybodyHas(seq) {
  let [received, since] = [0, Date.now()];
  await until(deadline, () => {
    const now = clients.reduce((sum, { record }) => sum + record.received, 0);
    if (now > received) [received, since] = [now, Date.now()];
    return clients.every(({ record }) => record.has(seq)) || Date.now() - since > QUIET;
  });
  return clients.every(({ record }) => record.has(seq));
}

async function startClient(number) {
  const kind = kinds[number % kinds.length];
  const transports = options.proxy && options.proxy !== 'buffer' ? ['polling', 'default'] : ['websocket', 'polling', 'default'];
  // With a bad proxy the unchanged client is to show what the README advises, which begins with a websocket.
  const isAdvised = kind.isAdvised && options.proxy;
  // Of three of each kind behind a proxy with nodes, each takes another.
  const own = options.front ? transports[Math.floor(number / kinds.length) % 3] : random.pick(transports);
  const transport = isAdvised ? 'default' : kind.hasTransports ? own : 'http';
  // There each has an address of its own, by which those that poll find their node again.
  const from = options.front ? `127.0.1.${number + 1}` : undefined;
  // Without one each node has clients of all kinds.
  const { port } = options.front ? server : nodes[Math.floor(number / kinds.length) % nodes.length];
  const way = await Way.open(port, options.proxy, from);
  const record = new Record(told);
  if (options.sabotage) sabotage(options.sabotage, way, record);
  const token = tokenOf(`user-${number}`, SETTINGS.tenant, SETTINGS.secret);
  const context = { url: way.url, token, transport, record, random: random.fork(), proxied: options.proxy !== undefined };
  return { name: kind.name, transport, way, record, running: kind.start(context) };
}

function cutAll() {
  if (options.cuts > 0 || fault) clients.forEach(({ way }) => way.cut(random));
}

/** How many clients are connected to a node. */
async function connections({ url }) {
  const answer = await fetch(`${url}/api/socket/connections`, { headers: { authorization: `Bearer ${observer.token}` } });
  return (await answer.json()).length;
}

function lines() {
  return [...nodes, ...(options.front ? [server] : [])].flatMap((each) => each.lines);
}

/** Calls for each cut, kill and restart when as many messages are published as chance wants. */
function disturbances() {
  const cut = () => {
    const connected = clients.filter(({ way }) => way.isInUse);
    if (connected.length > 0) random.pick(connected).way.cut(random);
  };
  const killed = (node) => () => node.killAndRestart().then(() => node.answers());
  const restarted = (node) => () => node.restart().then(() => node.answers());
  const at = (share) => Math.floor(messages * share);
  const cuts = Array.from({ length: options.cuts }, () => ({ at: at(random.next()), act: cut }));
  const kills = Array.from({ length: options.kills }, () => ({ at: at(0.1 + random.next() * 0.8), act: killed(random.pick(nodes)) }));
  // Each node once before one is restarted again, the first ones soon: they take their time.
  const restarts = Array.from({ length: options.restarts }, (_, number) => ({
    at: at((0.05 + number) / (options.restarts + 1)),
    act: restarted(nodes[number % nodes.length]),
  }));
  const faults = misfortune ? [{ at: at(0.3), act: () => misfortune.befall() }] : [];
  const plan = [...cuts, ...kills, ...restarts, ...faults].sort((one, other) => one.at - other.at);
  return (published) => {
    while (plan.length > 0 && plan[0].at <= published) {
      const { act } = plan.shift();
      setTimeout(() => {
        // One after the other: there is nothing to kill while the server is being started.
        if (act === cut) cut();
        else restarting = restarting.then(act);
      }, random.between(0, LATEST));
    }
  };
}

async function report() {
  const log = await readLog();
  const rows = [log, ...clients.map(({ name, transport, way, record, running }) => ({ name, transport, used: running.transport(), way, record }))];
  const { failed, missing, repeated } = printTable(rows, before + 1, before + publisher.acknowledged * 2);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`# ${publisher.acknowledged} messages of ${publisher.people.size} people in ${publisher.requests} webhooks, ${publisher.retries} of them again`);
  const kills = nodes.reduce((sum, node) => sum + node.kills, 0);
  const stops = nodes.flatMap((node) => node.stops);
  if (spread.includes(0)) console.log('# a node had no clients');
  if (options.front) console.log(`# ${nodes.length} nodes, at first with ${spread.join(', ')} connections, stopped within ${stops.join(', ')} ms`);
  console.log(`# ${publisher.acknowledged * 2} events, ${kills} kills, ${seconds} s, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  const complaints = misfortune ? misfortune.report(publisher) : [];
  for (const complaint of complaints) console.log(`# ${complaint}`);
  if (!isComplete) console.log('# not everybody has the end of the log');
  for (const line of lines()) console.log(`# server: ${line}`);
  console.log(`lost ${missing}, repeated ${repeated}`);
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  // Clients that have been stopped in a request may keep the process alive.
  process.exit(failed + complaints.length > 0 || spread.includes(0) ? 1 : 0);
}

/** The log as it stands at the end: each message once, an event of its conversation for each, and each conversation opened once. */
async function readLog() {
  const record = new Record(told);
  const seen = new Map();
  const headers = { authorization: `Bearer ${observer.token}` };
  let [seq, hasMore, opened, changed, moment] = [before, true, 0, 0, ''];
  while (hasMore) {
    const page = await (await fetch(`${server.url}/api/events?after=${seq}&limit=1000`, { headers })).json();
    for (const { seq: number, event, data, timestamp } of page.events) {
      if (timestamp <= moment) record.note(`event ${number} is not later than the one before`);
      moment = timestamp;
      const what = gist(event, data);
      record.take(number, what);
      if (event === 'message:new') seen.set(what, (seen.get(what) ?? 0) + 1);
      if (event === 'conversation:new') opened += 1;
      if (event === 'conversation:updated') changed += 1;
    }
    ({ seq, hasMore } = page);
  }
  for (let number = 1; number <= publisher.acknowledged; number += 1) {
    const times = seen.get(`message: message ${number}`) ?? 0;
    if (times !== 1) record.note(`message ${number} is in the log ${times} times`);
  }
  if (opened + changed !== publisher.acknowledged) record.note(`${opened + changed} events of conversations`);
  if (before === 0 && opened !== publisher.people.size) record.note(`${opened} conversations for ${publisher.people.size} people`);
  return { name: 'the log itself', transport: 'at the end', record };
}
