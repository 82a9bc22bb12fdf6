import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './until';

/** Where `cargo build` puts the program; it serves `dist` of this folder. */
const program =
  process.env.RECADO_PROGRAM ?? resolve(import.meta.dirname, '../../../target/debug/recado');

/** A whole server, and WhatsApp's side of the wire, on free ports and in a folder that goes with them. */
export class Server {
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'recado-e2e-'));
  readonly #graph: string;
  readonly #running = new Map<'server' | 'whatsapp', ChildProcess>();

  private constructor(port: number, graphPort: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#graph = `http://127.0.0.1:${graphPort}`;
  }

  static async open(): Promise<Server> {
    const server = new Server(await freePort(), await freePort());
    const listen = new URL(server.#graph).host;
    const quiet = ['--rate', '0', '--replies', '0', '--seed', '1'];
    server.#run('whatsapp', ['simulate', '--listen', listen, '--server', server.url, ...quiet]);
    await server.start();
    return server;
  }

  async close(): Promise<void> {
    await Promise.all([this.stop('SIGKILL'), this.#end('whatsapp', 'SIGKILL')]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts on the same database, with other settings if they are named, and waits until it answers. */
  async start(settings: Record<string, string> = {}): Promise<void> {
    const { hostname, port } = new URL(this.url);
    const child = this.#run('server', ['--demo', '--host', hostname, '--port', port], settings);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        said = (said + text).slice(-2_000);
      });
    }
    await until('the server starts', async () => {
      return child.exitCode !== null || (await fetch(`${this.url}/health`)).ok;
    });
    if (child.exitCode !== null) throw new Error(`the server did not start:\n${said}`);
    const page = await fetch(this.url);
    if (!page.ok) throw new Error(`${program} has no client: ${await page.text()}`);
  }

  /** Ends as an operator would; with `SIGKILL` as a crash. */
  stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    return this.#end('server', signal);
  }

  /** Has WhatsApp's side behave otherwise: `fail: 1` lets every message fail. */
  async whatsapp(conduct: Record<string, unknown>): Promise<void> {
    await post(`${this.#graph}/control`, conduct, 'PUT');
  }

  /** What has been sent to WhatsApp so far. */
  async ledger(): Promise<string> {
    return (await fetch(`${this.#graph}/control/ledger`)).text();
  }

  /** WhatsApp tells of something. */
  async webhook(field: string, value: Record<string, unknown>): Promise<void> {
    const metadata = { display_phone_number: '5511999999999', phone_number_id: 'test-phone-id' };
    const change = { field, value: { messaging_product: 'whatsapp', metadata, ...value } };
    const entry = [{ id: 'e2e', changes: [change] }];
    await post(`${this.url}/webhooks/whatsapp`, { object: 'whatsapp_business_account', entry });
  }

  #run(
    name: 'server' | 'whatsapp',
    args: string[],
    settings: Record<string, string> = {},
  ): ChildProcess {
    const env = {
      PATH: process.env.PATH,
      DATABASE_URL: `sqlite:${join(this.#folder, 'recado.db')}`,
      MEDIA_URL: `file:${join(this.#folder, 'media')}`,
      WHATSAPP_GRAPH_URL: `${this.#graph}/v25.0`,
      RECADO_LOG: 'warn',
      // Everybody signs in anew for each test.
      SIGN_IN_TRIES: '1000',
      // A test's Chatwoot is here, and is asked only when somebody wants it.
      CHATWOOT_PRIVATE_HOSTS: '127.0.0.1',
      CHATWOOT_RECONCILE_S: '0',
      ...settings,
    };
    const child = spawn(program, args, { cwd: this.#folder, env });
    if (process.env.E2E_LOUD) child.stdout.pipe(process.stderr);
    else child.stdout.resume();
    child.stderr.resume();
    this.#running.set(name, child);
    return child;
  }

  async #end(name: 'server' | 'whatsapp', signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#running.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

async function post(url: string, body: unknown, method = 'POST'): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
