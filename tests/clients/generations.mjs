import { createRequire } from 'node:module';
import { io as io4 } from 'socket.io-client-4';
import { io as io3 } from 'socket.io-client-3';
import io2 from 'socket.io-client-2';

const require = createRequire(import.meta.url);

/** The client from 3.0 on: the token goes into `auth`, a refusal arrives as `connect_error`. */
const modern = { credentials: (token) => ({ auth: { token } }), refusalEvent: 'connect_error' };

/** The client up to 2.x: it knows no `auth`, and a refusal arrives as `error`. */
const legacy = { credentials: (token) => ({ query: { token } }), refusalEvent: 'error' };

/** The three generations of the unchanged client, newest first. */
export const generations = [
  { name: '4.x', alias: 'socket.io-client-4', io: io4, ...modern },
  { name: '3.x', alias: 'socket.io-client-3', io: io3, ...modern },
  { name: '2.x', alias: 'socket.io-client-2', io: io2, ...legacy },
];

/** The ways to connect; `upgrade` is what a client does that sets no transports. */
export const transports = [
  { name: 'polling', options: { transports: ['polling'] }, endsOn: 'polling' },
  { name: 'websocket', options: { transports: ['websocket'] }, endsOn: 'websocket' },
  { name: 'upgrade', options: {}, endsOn: 'websocket' },
];

/** Opens a socket of its own connection, which never reconnects by itself: a lost connection has to show. */
export function open(generation, transport, url, options) {
  return generation.io(url, { forceNew: true, reconnection: false, ...transport.options, ...options });
}

/** One line on the client package that this process has really loaded, and the engine that belongs to it. */
export function loadedVersion({ name, alias }) {
  const manifest = require.resolve(`${alias}/package.json`);
  const engine = require.resolve('engine.io-client/package.json', { paths: [manifest] });
  return `${name}: socket.io-client ${require(manifest).version}, engine.io-client ${require(engine).version}`;
}
