import { io as io4 } from 'socket.io-client-4';
import { io as io3 } from 'socket.io-client-3';
import io2 from 'socket.io-client-2';
import { gist } from './record.mjs';

const STORED_EVENTS = ['message:new', 'message:status-update', 'message:updated', 'conversation:new', 'conversation:updated'];

/** `timeout` because no generation notices that a connection ends between its opening and the first packet: it waits. */
const QUICK = { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 300, timeout: 3000 };

const TRANSPORTS = { websocket: { transports: ['websocket'] }, polling: { transports: ['polling'] }, default: {} };

/** What the README advises where a proxy may be in the way of websockets. */
const CAREFUL = { transports: ['websocket', 'polling'], tryAllTransports: true, timeout: 1000 };

/** An unchanged 4.x client that knows nothing of numbers: recovery is all it relies on, and nothing is dropped here. */
export function unchanged({ url, token, transport, record, proxied }) {
  const socket = io4(url, { ...QUICK, auth: { token }, ...(proxied ? CAREFUL : TRANSPORTS[transport]) });
  if (proxied) {
    socket.on('connect_error', () => {
      socket.io.opts.transports = ['polling', 'websocket'];
    });
  }
  onReturn(socket, record, () => {
    if (!socket.recovered) record.note('reconnected without having recovered');
  });
  for (const name of STORED_EVENTS) socket.on(name, (data) => record.take(data.seq, gist(name, data)));
  return running(socket, record);
}

/** A 4.x or 3.x client that tells where it is when it connects. */
const following = (io) => ({ url, token, transport, record }) => {
  const auth = (give) => give({ token, after: record.last });
  const socket = io(url, { ...QUICK, auth, ...TRANSPORTS[transport] });
  onReturn(socket, record);
  socket.on('ready', ({ seq, complete }) => {
    record.last ??= seq;
    if (!complete) record.note('ready says that the log does not go back that far');
  });
  for (const name of STORED_EVENTS) socket.on(name, (data) => record.takeOnce(data.seq, gist(name, data)));
  return running(socket, record);
};

export const following4 = following(io4);
export const following3 = following(io3);

/**
 * A 2.x client, which can tell where it is only when it is connected. What arrives until the answer to its `sync` may
 * be live and ahead of what was missed, so it is held back until then and put in order.
 */
export function syncing2({ url, token, transport, record }) {
  const socket = io2(url, { ...QUICK, query: { token }, ...TRANSPORTS[transport] });
  let held;
  onReturn(socket, record, () => {
    const holding = [];
    held = holding;
    socket.emit('sync', { after: record.last }, ({ ok, complete, error }) => {
      if (!ok || !complete) record.note(`sync was answered with ${error?.code ?? 'complete: false'}`);
      if (held !== holding) return;
      held = undefined;
      holding.sort((one, other) => one.seq - other.seq).forEach(({ seq, what }) => record.takeOnce(seq, what));
    });
  });
  socket.on('ready', ({ seq }) => {
    record.last ??= seq;
  });
  for (const name of STORED_EVENTS) {
    socket.on(name, (data) => {
      if (held) held.push({ seq: data.seq, what: gist(name, data) });
      else record.takeOnce(data.seq, gist(name, data));
    });
  }
  return running(socket, record);
}

function onReturn(socket, record, then = () => {}) {
  let isReturn = false;
  socket.on('connect', () => {
    if (isReturn) {
      record.reconnects += 1;
      then();
    }
    isReturn = true;
  });
}

/** Notes what would stop an unchanged client for good, which is a failure of the server. */
function running(socket, record) {
  let isStopped = false;
  socket.on('connect_error', (error) => {
    if (socket.active === false) record.note(`refused for good: ${error.message}`);
  });
  socket.on('error', (error) => {
    // To 2.x a refusal comes as what the server said, a lost connection as an Error.
    if (!(error instanceof Error)) record.note(`refused: ${error?.message ?? error}`);
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect' && !isStopped) record.note('the server has ended the connection');
  });
  return {
    ready: new Promise((resolve) => socket.once('ready', resolve)),
    transport: () => socket.io.engine?.transport?.name,
    stop: () => {
      isStopped = true;
      socket.off(); // What is still on its way is not heard any more.
      socket.close();
    },
  };
}
