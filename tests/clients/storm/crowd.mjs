// Some of the clients of a storm, in a process of their own, which does as it is told and tells how they get on.
import { Ear } from './ear.mjs';
import { hostile } from './hostile.mjs';

const TELL_EVERY = 200;
const AT_ONCE = 25;

const MANNERS = ['good', 'slow', 'stuck'];

const ears = [];
let cutAt = 0;

const ORDERS = {
  /** Connects, some at a time, so that the backlog of the system is not what is measured. */
  async gather({ where, tokens, manners }) {
    for (const [number, manner] of manners.entries()) {
      if (manner === 'hostile') hostile(where, number);
      else ears.push(new Ear(where, tokens[number % tokens.length], manner));
      if (number % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
  cut() {
    cutAt = Date.now();
    for (const ear of ears) ear.cut();
  },
  free() {
    for (const ear of ears) if (ear.manner === 'stuck') ear.free();
  },
};

process.on('message', ({ order, ...told }) => ORDERS[order](told));
process.on('disconnect', () => process.exit());

setInterval(() => {
  const told = Object.fromEntries(MANNERS.map((manner) => [manner, count(ears.filter((ear) => ear.manner === manner))]));
  // How long after the cut each of those was back that read.
  const back = ears.filter(({ manner, connectedAt }) => manner !== 'stuck' && cutAt > 0 && connectedAt > cutAt);
  process.send({ told, back: back.map(({ connectedAt }) => connectedAt - cutAt) });
}, TELL_EVERY);

function count(those) {
  return {
    connected: those.filter(({ isConnected }) => isConnected).length,
    last: Math.min(...those.map(({ last }) => last ?? -1)),
    lost: those.reduce((sum, { lost }) => sum + lost, 0),
    repeated: those.reduce((sum, { repeated }) => sum + repeated, 0),
  };
}
