import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/** How a page may reach the server, each of which can be spoilt on its own. */
export const WAYS = ['websocket', 'long-polling', 'sse', 'poll'];

/** What a bad proxy does: nothing, answers 403, does not answer, or gathers an answer until it ends. */
export const TREATMENTS = ['pass', 'refuse', 'hang', 'buffer'];

/** A proxy between a page and its server that treats each way as it is told, and can cut them all. */
export class Front {
  /** How many requests each way has seen. */
  seen = Object.fromEntries(WAYS.map((way) => [way, 0]));
  #treatments = Object.fromEntries(WAYS.map((way) => [way, 'pass']));
  #connections = new Set();
  #target;
  #settings;
  #server;

  /** `settings` are told in place of the server's, so that nobody waits for long. */
  static async open(target, settings) {
    const front = new Front();
    front.#target = { host: '127.0.0.1', port: target };
    front.#settings = settings;
    front.#server = createServer((asked, answer) => front.#pass(asked, answer));
    front.#server.on('upgrade', (asked, socket, head) => front.#upgrade(asked, socket, head));
    front.#server.on('connection', (socket) => front.#hold(socket));
    await new Promise((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    front.url = `http://127.0.0.1:${front.#server.address().port}`;
    return front;
  }

  /** Treats some ways in another way from now on, and cuts what they carry. */
  treat(treatments) {
    Object.assign(this.#treatments, treatments);
    this.cut();
  }

  /** Cuts off all connections, without a farewell. */
  cut() {
    for (const socket of this.#connections) socket.destroy();
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #hold(socket) {
    this.#connections.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
  }

  #treatment(way) {
    if (way) this.seen[way] += 1;
    return way ? this.#treatments[way] : 'pass';
  }

  #pass(asked, answer) {
    if (asked.url === '/api/realtime/config') return answer.end(JSON.stringify(this.#settings));
    const treatment = this.#treatment(wayOf(asked.url));
    if (treatment === 'hang') return;
    if (treatment === 'refuse') return answer.writeHead(403).end();
    const { method, headers, url } = asked;
    const passed = request({ ...this.#target, method, headers, path: url }, (told) => {
      if (treatment !== 'buffer') {
        answer.writeHead(told.statusCode, told.headers);
        answer.flushHeaders();
        return told.pipe(answer);
      }
      const gathered = [];
      told.on('data', (chunk) => gathered.push(chunk));
      told.on('end', () =>
        answer.writeHead(told.statusCode, told.headers).end(Buffer.concat(gathered)),
      );
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }

  #upgrade(asked, socket, head) {
    const treatment = this.#treatment('websocket');
    if (treatment === 'hang' || treatment === 'buffer') return;
    if (treatment === 'refuse')
      return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const server = connect(this.#target);
    this.#hold(server);
    const pairs = [];
    for (let each = 0; each < asked.rawHeaders.length; each += 2) {
      pairs.push(`${asked.rawHeaders[each]}: ${asked.rawHeaders[each + 1]}`);
    }
    server.write(`GET ${asked.url} HTTP/1.1\r\n${pairs.join('\r\n')}\r\n\r\n`);
    server.write(head);
    server.pipe(socket).pipe(server);
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
  }
}

function wayOf(url) {
  if (url.startsWith('/socket.io/')) return 'long-polling';
  if (url.startsWith('/api/events/stream')) return 'sse';
  return url.startsWith('/api/events') ? 'poll' : null;
}
