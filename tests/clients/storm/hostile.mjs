import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { frame } from './ear.mjs';

/** How soon one that was thrown out comes back, and how slowly one trickles, in milliseconds. */
const BACK = 1000;
const TRICKLE = 500;

const head = (path) =>
  `GET ${path} HTTP/1.1\r\nHost: storm\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3Rvcm1zdG9ybXN0b3JtcyE=\r\n\r\n`;

const UPGRADE = head('/socket.io/?EIO=4&transport=websocket');

/** What they do with a connection. */
const WAYS = [
  /** Bytes that are no frames. */
  (socket) => socket.write(UPGRADE, () => setTimeout(() => socket.write(randomBytes(4096)), BACK)),
  /** A head that never ends. */
  (socket) => trickle(socket, UPGRADE.slice(0, -2) + 'X'.repeat(10_000)),
  /** A frame of a terabyte, by bytes. */
  (socket) => socket.write(UPGRADE, () => trickle(socket, Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0].concat(Array(10_000).fill(65))))),
  /** Packets that make no sense, as many as go, and nothing is read. */
  (socket) => socket.write(UPGRADE, () => {
    socket.pause();
    for (let n = 0; n < 100; n += 1) socket.write(frame(n % 2 ? '42["sync",{"after":"x"}]' : '40{"token":"nobody"}'));
  }),
  /** Nothing at all. */
  () => {},
];

/** Somebody who wants no good, and comes back for ever. */
export function hostile(where, number) {
  const socket = connect({ ...where, noDelay: true });
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('close', () => setTimeout(() => hostile(where, number), BACK * (0.5 + Math.random())));
  WAYS[number % WAYS.length](socket);
}

function trickle(socket, bytes) {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) clearInterval(timer);
    else socket.write(bytes.slice(at, (at += 1)));
  }, TRICKLE);
}
