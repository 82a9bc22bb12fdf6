// Unchanged clients whose rights change while they are connected come back by themselves:
// node returning.mjs --url … --admin JWT --agent JWT --user ID --inbox ID
import { parseArgs } from 'node:util';
import { Deadline } from './deadline.mjs';
import { generations, transports } from './generations.mjs';

const text = { type: 'string' };
const options = { url: text, admin: text, agent: text, user: text, inbox: text };
const { url, admin, agent, user, inbox } = parseArgs({ options }).values;
let passed = 0;
let failed = 0;
let isRestricted = false;

async function restrictOrNot(signal) {
  isRestricted = !isRestricted;
  const answer = await fetch(`${url}/api/users/${user}`, {
    method: 'PATCH',
    headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ inboxes: isRestricted ? [inbox] : null }),
    signal,
  });
  if (!answer.ok) throw new Error(`PATCH: ${answer.status} ${await answer.text()}`);
}

/** Unlike Node's, which fails upon `error`, by which 2.x tells also of what it mends by itself. */
const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

for (const generation of generations) {
  for (const transport of transports) {
    const deadline = new Deadline(30);
    const name = `${generation.name} ${transport.name}`;
    const socket = generation.io(url, {
      forceNew: true,
      ...transport.options,
      ...generation.credentials(agent),
    });
    try {
      await deadline.wait('ready', next(socket, 'ready'));
      const cut = next(socket, 'disconnect');
      const back = cut.then(() => next(socket, 'ready'));
      await restrictOrNot(deadline.signal);
      const reason = await deadline.wait('a cut', cut);
      await deadline.wait(`ready again after "${reason}"`, back);
      passed += 1;
      console.log(`ok ${name}: ${reason}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${name}: ${error.message}`);
    } finally {
      socket.close();
      deadline.clear();
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
