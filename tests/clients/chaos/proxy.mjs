import { connect, createServer } from 'node:net';

/** How long the mode `buffer` gathers what the server says, in milliseconds. */
const GATHERING = 300;

/** What bad proxies do: to websocket upgrades, but for `buffer`, which does it to all answers. */
export const PROXIES = {
  refuse: 'answers 403',
  hang: 'does not answer',
  break: 'passes the upgrade on, and then breaks off',
  mute: 'passes the upgrade on, and then nothing',
  oneway: 'passes the upgrade on, and then only what the client says',
  buffer: 'holds back what the server says',
};

const END_OF_HEAD = '\r\n\r\n';

const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** One client's way to the server: a byte pipe with a port of its own, which can be cut. */
export class Way {
  cuts = 0;
  #mode;
  #target;
  #from;
  #connections = new Set();
  #server;
  /** Changes what the server says on its way, to show that the test notices; see sabotage.mjs. */
  spoil = (chunk) => chunk;

  /** `mode` is nothing for a plain pipe, or how the proxy is bad: one of PROXIES; `from` is whose address the server sees. */
  static async open(target, mode, from) {
    const way = new Way();
    way.#mode = mode;
    way.#from = from;
    way.#target = target;
    way.#server = createServer({ noDelay: true }, (client) => way.#join(client));
    await new Promise((resolve) => way.#server.listen(0, '127.0.0.1', resolve));
    way.url = `http://127.0.0.1:${way.#server.address().port}`;
    return way;
  }

  get isInUse() {
    return this.#connections.size > 0;
  }

  /** Cuts off all connections, without a farewell: at once, or within what the server says next. */
  cut(random) {
    if (!this.isInUse) return false;
    this.cuts += 1;
    const within = random.chance(0.5) ? random.next() : undefined;
    const ending = random.chance(0.5) ? 'resetAndDestroy' : 'destroy';
    for (const connection of this.#connections) {
      if (within === undefined) connection.end(ending);
      else connection.endsWithin = { share: within, ending };
    }
    return true;
  }

  #join(client) {
    const server = connect({ port: this.#target, host: '127.0.0.1', localAddress: this.#from, noDelay: true });
    const connection = {
      end: (ending = 'destroy') => {
        clearInterval(connection.timer);
        this.#connections.delete(connection);
        client[ending]();
        server[ending]();
      },
    };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      socket.on('error', () => connection.end());
      socket.on('close', () => connection.end());
    }
    client.once('data', (head) => {
      const isBad = this.#mode && this.#mode !== 'buffer' && isUpgrade(head);
      if (isBad && (this.#mode === 'refuse' || this.#mode === 'hang')) {
        if (this.#mode === 'refuse') client.end(REFUSAL);
        client.resume();
        return;
      }
      server.write(head);
      if (isBad) this.#passAnswer(client, server, connection);
      else client.pipe(server);
    });
    if (this.#mode === 'buffer') this.#gather(client, server, connection);
    else server.on('data', (chunk) => this.#pass(chunk, client, server, connection));
    server.on('end', () => client.end());
  }

  #pass(chunk, client, server, connection) {
    const { endsWithin } = connection;
    if (endsWithin) {
      client.write(chunk.subarray(0, Math.floor(chunk.length * endsWithin.share)), () => connection.end(endsWithin.ending));
      server.removeAllListeners('data');
      return;
    }
    const passed = this.spoil(chunk);
    if (passed.length > 0 && !client.write(passed)) {
      server.pause();
      client.once('drain', () => server.resume());
    }
  }

  /** Lets the server's answer to an upgrade through, and nothing that follows it. */
  #passAnswer(client, server, connection) {
    if (this.#mode === 'oneway') client.pipe(server);
    else client.resume();
    server.removeAllListeners('data').once('data', (chunk) => {
      // The first frames may come together with the answer.
      client.write(chunk.subarray(0, chunk.indexOf(END_OF_HEAD) + END_OF_HEAD.length));
      server.resume();
      if (this.#mode === 'break') connection.end();
    });
  }

  #gather(client, server, connection) {
    let gathered = [];
    const pass = () => {
      if (gathered.length > 0) client.write(Buffer.concat(gathered));
      gathered = [];
    };
    server.on('data', (chunk) => gathered.push(chunk));
    server.prependListener('end', pass);
    connection.timer = setInterval(pass, GATHERING);
  }
}

const isUpgrade = (head) => /^GET [^]*\r\nupgrade: *websocket\r\n/i.test(head.toString('latin1'));
