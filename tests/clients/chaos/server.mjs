import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pause, until } from './wait.mjs';

/** Below the ports that systems give to outgoing connections, one of which could take a dead server's place. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

const LINES_KEPT = 20;
const SECONDS_TO_START = 60;

/** A Recado of our own, which can be killed and started anew on the same port and database. */
export class Server {
  /** The last lines that it has logged; at the level `warn` there are few. */
  lines = [];
  kills = 0;
  /** How long it took to stop each time it was asked to, in milliseconds. */
  stops = [];
  #program;
  #arguments;
  #env;
  #directory;
  #child;
  #isStopping = false;

  /** `settings` are the tenant, the phone number id, the secret, the database if it is not to be a new file, and more flags and environment. */
  static async start(program, settings, random) {
    const server = new Server();
    server.#program = resolve(program);
    server.#directory = mkdtempSync(join(tmpdir(), 'recado-chaos-'));
    process.on('exit', () => server.#remove());
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
    server.port = await freePort(random);
    server.url = `http://127.0.0.1:${server.port}`;
    server.#arguments = [
      'serve', '--host', '127.0.0.1', '--port', String(server.port), '--heartbeat', '2',
      '--jwt-secret', settings.secret, '--bootstrap', `${settings.tenant}=${settings.phone}`,
      '--media-url', `file:${join(server.#directory, 'media')}`,
      '--database-url', settings.databaseUrl ?? `sqlite:${join(server.#directory, 'chaos.db')}`,
      ...(settings.flags ?? []),
    ];
    server.#env = { PATH: process.env.PATH, RECADO_LOG: 'warn', NO_COLOR: '1', ...settings.env };
    server.#spawn();
    await server.answers();
    return server;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Kills it as a power cut would, and starts it anew at once. */
  async killAndRestart() {
    this.kills += 1;
    await this.#end('SIGKILL');
    this.#spawn();
  }

  /** Asks it to stop, as a supervisor does, and starts it anew when it has. */
  async restart() {
    const asked = Date.now();
    const code = await this.#end('SIGTERM');
    this.stops.push(Date.now() - asked);
    if (code !== 0) await this.#died(`asked to stop, it ended with ${code}`);
    this.#spawn();
  }

  /** Waits until it takes requests. */
  async answers() {
    const answering = () => fetch(`${this.url}/api/realtime/config`).then(({ body }) => body.cancel().then(() => true), () => false);
    if (await until(Date.now() + SECONDS_TO_START * 1000, answering)) return;
    throw new Error(`the server does not answer: ${this.lines.join('\n')}`);
  }

  async #end(signal) {
    const child = this.#child;
    child.removeAllListeners('exit');
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  #spawn() {
    const child = spawn(this.#program, this.#arguments, {
      cwd: this.#directory,
      env: this.#env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text) => this.#keep(text));
    child.on('error', (error) => this.#died(error.message));
    child.on('exit', (code, signal) => this.#died(`it ended with ${code ?? signal}`));
    this.#child = child;
  }

  #keep(text) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.includes('WHATSAPP_APP_SECRET is not set'));
    this.lines = [...this.lines, ...lines].slice(-LINES_KEPT);
  }

  async #died(why) {
    if (this.#isStopping) return;
    await pause(100); // What it said last may still be on its way.
    console.error(`the server is gone: ${why}\n${this.lines.join('\n')}`);
    process.exit(2);
  }

  #remove() {
    this.#isStopping = true;
    this.#child?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A port that nothing listens on. */
export async function freePort(random) {
  for (;;) {
    const port = random.between(FIRST_PORT, LAST_PORT);
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
