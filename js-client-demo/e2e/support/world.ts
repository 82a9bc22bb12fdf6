import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where `cargo build` puts the server; it serves `dist` of this folder. */
const binary =
  process.env.RECADO_BIN ?? resolve(import.meta.dirname, '../../../target/debug/recado');
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Somebody who writes by WhatsApp. */
export type Customer = { phone: string; name: string };

/** How a page is looked at. */
export type Look = {
  as?: 'agent' | 'admin';
  width?: number;
  height?: number;
  dark?: boolean;
  locale?: 'pt-BR' | 'en';
  isPhone?: boolean;
};

/** A server with the demo's desk, WhatsApp's side of the wire, and a browser. */
export class World {
  readonly url: string;
  readonly #home: string;
  readonly #control: string;
  readonly #port: number;
  readonly #graph: string;
  readonly #browser: Browser;
  readonly #processes: ChildProcess[] = [];
  #server: ChildProcess | null = null;
  #tokens = new Map<string, string>();
  #messages = 0;

  private constructor(home: string, ports: { server: number; graph: number }, browser: Browser) {
    this.#home = home;
    this.#port = ports.server;
    this.#browser = browser;
    this.url = `http://127.0.0.1:${ports.server}`;
    this.#graph = `http://127.0.0.1:${ports.graph}`;
    this.#control = `${this.#graph}/control`;
  }

  static async open(): Promise<World> {
    const ports = { server: await freePort(), graph: await freePort() };
    const home = mkdtempSync(join(tmpdir(), 'recado-e2e-'));
    const args = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];
    const browser = await chromium.launch({ executablePath: chromiumPath, args });
    const world = new World(home, ports, browser);
    const simulate = ['simulate', '--listen', `127.0.0.1:${ports.graph}`, '--server', world.url];
    world.#run([...simulate, '--rate', '0', '--replies', '0', '--seed', '1']);
    await world.start();
    const { inboxes } = await world.api<{ inboxes: { id: string }[] }>('admin', '/api/inboxes');
    const body = JSON.stringify({ accessToken: 'anything will do' });
    await world.api('admin', `/api/inboxes/${inboxes[0]?.id}`, { method: 'PATCH', body });
    return world;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    for (const process of this.#processes) process.kill('SIGKILL');
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Starts the server on the same database, and waits until it answers. */
  async start(): Promise<void> {
    this.#server = this.#run(['--demo', '--host', '127.0.0.1', '--port', String(this.#port)]);
    await until(async () => (await fetch(`${this.url}/api/openapi.json`)).ok, 'the server starts');
  }

  /** Ends the server as an operator would. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const gone = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await gone;
  }

  /** Has WhatsApp's side behave otherwise: `fail: 1` lets every message fail. */
  async whatsapp(conduct: Record<string, unknown>): Promise<void> {
    const method = 'PUT';
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(this.#control, { method, headers, body: JSON.stringify(conduct) });
    if (!response.ok) throw new Error(await response.text());
  }

  /** What has been sent to WhatsApp so far. */
  async ledger(): Promise<string> {
    return (await fetch(`${this.#control}/ledger`)).text();
  }

  /** A customer writes, as WhatsApp tells of it. Returns the message's name there. */
  async writes(from: Customer, body: string, more: Record<string, unknown> = {}): Promise<string> {
    const [id] = await this.writesAll(from, [{ type: 'text', text: { body }, ...more }]);
    return id ?? '';
  }

  /** A customer writes several things at once. */
  async writesAll(from: Customer, messages: Record<string, unknown>[]): Promise<string[]> {
    const now = Math.floor(Date.now() / 1_000);
    const named = messages.map((message) => {
      this.#messages += 1;
      const id = `wamid.e2e.${this.#port}.${this.#messages}`;
      return { from: from.phone, id, timestamp: String(now), ...message };
    });
    const contacts = [{ wa_id: from.phone, profile: { name: from.name } }];
    await this.webhook('messages', { contacts, messages: named });
    return named.map(({ id }) => id);
  }

  async webhook(field: string, value: Record<string, unknown>): Promise<void> {
    const metadata = { display_phone_number: '5511999999999', phone_number_id: 'test-phone-id' };
    const whole = { messaging_product: 'whatsapp', metadata, ...value };
    const entry = [{ id: 'e2e', changes: [{ field, value: whole }] }];
    const response = await fetch(`${this.url}/webhooks/whatsapp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ object: 'whatsapp_business_account', entry }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Asks the API as one of the desk's people. */
  async api<Answer>(as: 'agent' | 'admin', path: string, init: RequestInit = {}): Promise<Answer> {
    const token = this.#tokens.get(as) ?? (await this.#signIn(as));
    this.#tokens.set(as, token);
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const response = await fetch(this.url + path, {
      ...init,
      headers: { ...headers, ...init.headers },
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    const text = await response.text();
    return (text ? JSON.parse(text) : null) as Answer;
  }

  /** The conversation with a customer. */
  async conversationWith({ phone }: Customer): Promise<string> {
    const path = `/api/conversations?q=${phone.slice(-8)}`;
    const { conversations } = await this.api<{ conversations: { id: string }[] }>('admin', path);
    const [found] = conversations;
    if (!found) throw new Error(`nobody with ${phone} has written`);
    return found.id;
  }

  /** Somebody signs in and looks at a page. */
  async page(path: string, look: Look = {}): Promise<Page> {
    const { as = 'agent', width = 1440, height = 900, dark, locale = 'pt-BR', isPhone } = look;
    const options: BrowserContextOptions = {
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      locale,
      timezoneId: 'America/Sao_Paulo',
      ...(isPhone && { isMobile: true, hasTouch: true }),
    };
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    await page.goto(this.url + path);
    await page.fill('input[name=email]', `${as}@demo.test`);
    await page.fill('input[name=password]', 'demo');
    await page.click('button[type=submit]');
    await page.waitForSelector('.shell');
    return page;
  }

  async #signIn(as: string): Promise<string> {
    const response = await fetch(`${this.url}/api/sessions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: `${as}@demo.test`, password: 'demo' }),
    });
    return (await response.json()).token;
  }

  #run(args: string[]): ChildProcess {
    const env = {
      ...process.env,
      DATABASE_URL: `sqlite:${join(this.#home, 'recado.db')}`,
      MEDIA_URL: `file:${join(this.#home, 'media')}`,
      WHATSAPP_GRAPH_URL: `${this.#graph}/v25.0`,
      RECADO_LOG: 'error',
    };
    const child = spawn(binary, args, {
      cwd: this.#home,
      env,
      stdio: process.env.E2E_LOUD ? 'inherit' : 'ignore',
    });
    this.#processes.push(child);
    return child;
  }
}

/** Waits until something holds. */
export async function until(
  holds: () => Promise<unknown> | unknown,
  what: string,
  patienceMs = 10_000,
): Promise<void> {
  const end = Date.now() + patienceMs;
  for (;;) {
    if (
      await Promise.resolve()
        .then(holds)
        .catch(() => false)
    )
      return;
    if (Date.now() > end) throw new Error(`not so in ${patienceMs} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

function freePort(): Promise<number> {
  return new Promise((give, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => give(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
