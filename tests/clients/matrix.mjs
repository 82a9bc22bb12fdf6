import { parseArgs } from 'node:util';
import { connects, hearsTyping, ignoresRepeat, isRefused, joinsOnlyVisible, receivesMessage, syncs } from './checks.mjs';
import { generations, loadedVersion, open, transports } from './generations.mjs';
import { Report } from './report.mjs';
import { Session } from './session.mjs';

const OPTIONS = ['url', 'token', 'colleague', 'expired', 'wrong-signature', 'phone-number-id', 'foreign-conversation'];

const report = new Report();
const options = readOptions();
const target = {
  url: options.url,
  phoneNumberId: options['phone-number-id'],
  foreignConversation: options['foreign-conversation'],
};
const refusals = [
  { what: 'no token', reason: /missing/i },
  { what: 'a malformed token', token: 'garbage', reason: /malformed/i },
  { what: 'an expired token', token: options.expired, reason: /expired/i },
  { what: 'a wrong signature', token: options['wrong-signature'], reason: /signature/i },
];

for (const generation of generations) console.log(`# ${loadedVersion(generation)}`);
console.log(`# node ${process.version}`);
for (const generation of generations) {
  for (const transport of transports) {
    await checkConversation(generation, transport);
    await checkRefusals(generation, transport);
  }
}
await checkOtherWaysToHandOverTheToken();
console.log(`${report.passed} passed, ${report.failed} failed`);
// A client that is broken off in a request may keep the process alive, and there is nothing left to do.
process.exit(report.failed > 0 ? 1 : 0);

function readOptions() {
  const wanted = Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }]));
  try {
    const { values } = parseArgs({ options: wanted });
    const absent = OPTIONS.filter((name) => !values[name]);
    if (absent.length === 0) return values;
    console.error(`missing: ${absent.map((name) => `--${name}`).join(', ')}`);
  } catch (error) {
    console.error(error.message);
  }
  console.error(`usage: node matrix.mjs ${OPTIONS.map((name) => `--${name} …`).join(' ')}`);
  process.exit(2);
}

/** One connection through its life: connect, receive, repeat, join, typing, sync; each step needs the ones before. */
async function checkConversation(generation, transport) {
  const name = `${generation.name} ${transport.name}`;
  const session = new Session(open(generation, transport, target.url, generation.credentials(options.token)));
  try {
    const seq = await report.run(`${name} connects`, (deadline) => connects(session, transport, deadline));
    if (seq === undefined) return skip(name, ['message', 'repeat', 'join', 'typing', 'sync']);
    const received = await report.run(`${name} message`, (deadline) => receivesMessage(session, target, seq, deadline));
    if (!received) return skip(name, ['repeat', 'join', 'typing', 'sync']);
    await report.run(`${name} repeat`, (deadline) => ignoresRepeat(session, target, received, deadline));
    await report.run(`${name} join`, (deadline) => joinsOnlyVisible(session, target, received.conversationId, deadline));
    await checkTyping(generation, transport, session, received.conversationId);
    await report.run(`${name} sync`, (deadline) => syncs(session, seq, deadline));
  } finally {
    session.close();
  }
}

async function checkTyping(generation, transport, session, conversationId) {
  const colleague = new Session(open(generation, transport, target.url, generation.credentials(options.colleague)));
  await report.run(`${generation.name} ${transport.name} typing`, (deadline) =>
    hearsTyping(session, colleague, conversationId, deadline),
  );
  colleague.close();
}

/** A step that could not be tried has failed: nothing passes by being left out. */
function skip(name, steps) {
  for (const step of steps) report.fail(`${name} ${step}`, new Error('not tried: an earlier step failed'));
}

async function checkRefusals(generation, transport) {
  for (const { what, token, reason } of refusals) {
    const credentials = token === undefined ? {} : generation.credentials(token);
    const session = new Session(open(generation, transport, target.url, credentials));
    await report.run(`${generation.name} ${transport.name} refuses ${what}`, (deadline) =>
      isRefused(session, generation.refusalEvent, reason, deadline),
    );
    session.close();
  }
}

/** The header and the query, as a 4.x client sends them. */
async function checkOtherWaysToHandOverTheToken() {
  const ways = {
    header: { extraHeaders: { Authorization: `Bearer ${options.token}` } },
    query: { query: { token: options.token } },
  };
  const [newest] = generations;
  for (const [way, credentials] of Object.entries(ways)) {
    for (const transport of transports) {
      const session = new Session(open(newest, transport, target.url, credentials));
      await report.run(`${newest.name} ${transport.name} token in the ${way}`, (deadline) =>
        connects(session, transport, deadline),
      );
      session.close();
    }
  }
}
