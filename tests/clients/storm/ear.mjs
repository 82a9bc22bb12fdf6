import { connect } from 'node:net';

/** After how long who was cut off comes back, in milliseconds: as socket.io-client does, by chance and less and less soon. */
const SOONEST = 500;
const LATEST = 5000;

/** For how long a slow one reads nothing after each piece, in milliseconds. */
const SLOW = 300;

const TEXT = 1;
const CLOSE = 8;

const UPGRADE = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', 'Host: storm', 'Upgrade: websocket', 'Connection: Upgrade',
  'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: c3Rvcm1zdG9ybXN0b3JtcyE=', '', '',
].join('\r\n');

/**
 * What a socket.io-client of today does on the wire, at next to no cost: it connects, counts what is stored, and comes back
 * with its pid and offset. Those who are `slow` read little at a time, those who are `stuck` nothing until they are freed.
 */
export class Ear {
  lost = 0;
  repeated = 0;
  last;
  isConnected = false;
  /** How often it was connected, and when last. */
  connections = 0;
  connectedAt;
  #where;
  #token;
  #isFree = false;
  #socket;
  #pid;
  #rest;
  #isUpgraded;
  #failures = 0;

  constructor(where, token, manner) {
    this.#where = where;
    this.#token = token;
    this.manner = manner;
    this.#connect();
  }

  /** Cuts it off without a farewell. */
  cut() {
    this.#socket.resetAndDestroy();
  }

  /** Lets one that is stuck read. */
  free() {
    this.#isFree = true;
    this.#socket.resume();
  }

  #connect() {
    this.#rest = Buffer.alloc(0);
    this.#isUpgraded = false;
    const socket = connect({ ...this.#where, noDelay: true });
    this.#socket = socket;
    socket.write(UPGRADE);
    socket.on('data', (chunk) => this.#hear(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isConnected = false;
      const most = Math.min(LATEST, SOONEST * 2 ** this.#failures);
      this.#failures += 1;
      setTimeout(() => this.#connect(), most * (0.5 + Math.random()));
    });
  }

  #hear(chunk) {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (!this.#isUpgraded) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!this.#rest.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) {
        this.#socket.destroy();
        return;
      }
      this.#isUpgraded = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    let at = 0;
    for (;;) {
      const frame = read(this.#rest, at);
      if (!frame) break;
      at = frame.end;
      if (frame.opcode === CLOSE) this.#socket.destroy();
      if (frame.opcode === TEXT) this.#take(this.#rest.toString('utf8', frame.start, frame.end));
    }
    this.#rest = this.#rest.subarray(at);
    if (this.manner === 'slow') {
      const socket = this.#socket.pause();
      setTimeout(() => socket.resume(), SLOW);
    }
  }

  #take(packet) {
    if (packet.startsWith('0{')) {
      const recovery = this.#pid && { pid: this.#pid, offset: String(this.last) };
      this.#say(`40${JSON.stringify({ token: this.#token, ...recovery })}`);
    } else if (packet.startsWith('40')) {
      this.#pid = JSON.parse(packet.slice(2)).pid;
    } else if (packet === '2') {
      this.#say('3');
    } else if (packet.startsWith('42["ready"')) {
      this.#isReady(JSON.parse(packet.slice(2))[1]);
    } else if (packet.startsWith('42')) {
      const [, seq] = /,"(\d+)"\]$/.exec(packet) ?? [];
      if (seq !== undefined) this.#count(Number(seq));
    }
  }

  #isReady({ seq }) {
    this.last ??= seq;
    this.isConnected = true;
    this.connections += 1;
    this.connectedAt = Date.now();
    this.#failures = 0;
    if (this.manner === 'stuck' && !this.#isFree) this.#socket.pause();
  }

  #count(seq) {
    if (seq <= this.last) this.repeated += 1;
    else this.lost += seq - this.last - 1;
    this.last = Math.max(this.last, seq);
  }

  #say(text) {
    this.#socket.write(frame(text));
  }
}

/** A text frame as clients send it, by a mask that changes nothing. */
export function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x80 | TEXT, ...head, 0, 0, 0, 0]), payload]);
}

function read(bytes, at) {
  if (bytes.length < at + 2) return undefined;
  const length = bytes[at + 1];
  const header = length < 126 ? 2 : length === 126 ? 4 : 10;
  if (bytes.length < at + header) return undefined;
  const size = length < 126 ? length : length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const start = at + header;
  return bytes.length < start + size ? undefined : { opcode: bytes[at] & 15, start, end: start + size };
}
