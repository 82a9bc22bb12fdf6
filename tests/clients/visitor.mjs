// A visitor of a site in windows of every kind, which are cut while the server is killed, and what each has got:
// node visitor.mjs --server ../../target/debug/recado
import { parseArgs } from 'node:util';
import { polling, stream } from './chaos/http.mjs';
import { Way } from './chaos/proxy.mjs';
import { Random } from './chaos/random.mjs';
import { Server } from './chaos/server.mjs';
import { unchanged } from './chaos/socketio.mjs';
import { tokenOf } from './chaos/token.mjs';
import { pause, until } from './chaos/wait.mjs';

const { values: options } = parseArgs({
  options: {
    server: { type: 'string' },
    'database-url': { type: 'string' },
    messages: { type: 'string', default: '120' },
    cuts: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
  },
});
const SETTINGS = {
  tenant: 'chaos',
  phone: 'phone',
  secret: 'the secret of a server that lives for one test',
  databaseUrl: options['database-url'],
  flags: ['--limit-visitor-requests', '0', '--limit-visitor-messages', '0', '--limit-address-chats', '0'],
};
const MESSAGES = Number(options.messages);
const LIMIT = 120_000;

console.log(`# seed ${options.seed}`);
const random = new Random(Number(options.seed));
const server = await Server.start(options.server, SETTINGS, random.fork());
const agent = tokenOf('ada', SETTINGS.tenant, SETTINGS.secret);
const { key } = await ask(agent, '/api/livechat/inboxes', { name: 'Site', settings: { allowedOrigins: ['*'] } });
const ana = await ask(undefined, '/api/livechat/sessions', { inbox: key, name: 'Ana' });
const other = await ask(undefined, '/api/livechat/sessions', { inbox: key, name: 'Bia' });
await ask(other.token, `/api/livechat/sessions/${other.session.id}/messages`, { content: 'of another visitor', clientId: 'first' });

/** What a window has got, in order. */
class Record {
  got = [];
  notes = [];
  reconnects = 0;
  last = ana.seq;
  received = 0;

  take(seq, what) {
    if (seq < this.newest) this.note(`${what} (${seq}) came after ${this.newest}`);
    this.newest = Math.max(seq, this.newest ?? 0);
    if (what.startsWith('message: ')) this.got.push(what.slice('message: '.length));
  }

  note(what) {
    this.notes.push(what);
  }
}

/** The 30 s fallback, only sooner. */
function fallback({ url, token, record }) {
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      const path = `/api/livechat/sessions/${ana.session.id}/messages?after=${record.last}&limit=20`;
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
      const page = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
      if (page) {
        record.last = page.seq;
        for (const { content } of page.messages) record.got.push(content);
      }
      await pause(100);
    }
  };
  run();
  return { ready: Promise.resolve(), stop: () => (isStopped = true) };
}

const windows = [];
for (const [name, start, transport] of [
  ['socket.io-client, websocket', unchanged, 'websocket'],
  ['socket.io-client, polling', unchanged, 'polling'],
  ['socket.io-client, upgrading', unchanged, 'default'],
  ['EventSource', stream, 'http'],
  ['fetch, waiting', polling, 'http'],
  ['fetch, falling back', fallback, 'http'],
]) {
  const way = await Way.open(server.port);
  const record = new Record();
  const running = start({ url: way.url, token: ana.token, transport, record, random: random.fork() });
  windows.push({ name, way, record, running });
}
await Promise.all(windows.map(({ running }) => running.ready));

const expected = [];
const cutAt = new Set(Array.from({ length: Number(options.cuts) }, () => random.between(1, MESSAGES - 2)));
for (let number = 0; number < MESSAGES; number += 1) {
  if (cutAt.has(number)) random.pick(windows).way.cut(random);
  if (number === Math.floor(MESSAGES / 2)) await server.killAndRestart();
  const content = `message ${number}`;
  if (number % 3 === 0) await ask(ana.token, `/api/livechat/sessions/${ana.session.id}/messages`, { content, clientId: `c${number}` });
  else await ask(agent, `/api/conversations/${ana.session.conversationId}/messages`, { content, clientId: `c${number}` });
  if (number % 5 === 0) {
    await ask(agent, `/api/conversations/${ana.session.conversationId}/messages`, { content: `note ${number}`, isPrivate: true, clientId: `n${number}` });
    await ask(other.token, `/api/livechat/sessions/${other.session.id}/messages`, { content: `of another ${number}`, clientId: `o${number}` });
  }
  expected.push(content);
}
await until(Date.now() + LIMIT, () => windows.every(({ record }) => record.got.includes(expected.at(-1))));
// Whoever got something twice, or too much, has it by now or in a moment.
await pause(500);
windows.forEach(({ running }) => running.stop());

let failed = 0;
for (const { name, way, record } of windows) {
  const wrong = [...record.notes];
  if (record.got.join() !== expected.join()) {
    const missing = expected.filter((content) => !record.got.includes(content));
    const twice = record.got.filter((content, at) => record.got.indexOf(content) !== at);
    const foreign = record.got.filter((content) => !expected.includes(content));
    wrong.push(`missing ${missing}; twice ${twice}; foreign ${foreign}; ${record.got.length} of ${expected.length}`);
  }
  failed += wrong.length > 0 ? 1 : 0;
  console.log(`${wrong.length > 0 ? 'not ok' : 'ok'} ${name}: ${record.got.length} messages, ${way.cuts} cuts ${wrong.join('; ')}`);
}
console.log(`${windows.length - failed} passed, ${failed} failed, ${server.kills} kills`);
if (failed > 0) console.log(server.lines.join('\n'));
process.exit(failed > 0 ? 1 : 0);

/** Asks until there is an answer: what bears a clientId is done once. */
async function ask(token, path, body) {
  for (;;) {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => undefined);
    if (answer?.ok) return answer.json();
    if (answer && answer.status < 500) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    await pause(50);
  }
}
