// A whole server of one's own: the program as it was built, on a free port, in a folder that is
// gone afterwards.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program =
  process.env.RECADO_PROGRAM ?? new URL('../../target/debug/recado', import.meta.url).pathname;

/** The demo's inbox. */
const phoneNumberId = 'test-phone-id';

/** Starts a server with the demo's people; `stop` leaves nothing behind. */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'recado-e2e-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let running = await run(folder, port, settings);
  let sent = 0;

  /** Somebody who writes to the demo's WhatsApp number. */
  const customer = (name, phone) => ({
    name,
    phone,
    async says(body, at = Date.now()) {
      sent += 1;
      const id = `wamid.${process.pid}.${port}.${sent}`;
      const response = await fetch(`${url}/webhooks/whatsapp`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(textFrom({ name, phone, id, body, at })),
      });
      if (!response.ok) throw new Error(`the webhook was answered ${response.status}`);
      return id;
    },
  });

  return {
    url,
    customer,
    /** Asks the API as one of the demo's people. */
    async as(email) {
      const { token } = await json(`${url}/api/sessions`, 'POST', { email, password: 'demo' });
      return (path, method = 'GET', body) => json(url + path, method, body, token);
    },
    /** Ends the program, as a crash would. */
    async away() {
      await end(running, 'SIGKILL');
    },
    async back() {
      running = await run(folder, port, settings);
    },
    async stop() {
      await end(running, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(folder, port, settings) {
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    RECADO_DEMO: 'true',
    DATABASE_URL: `sqlite://${folder}/recado.db`,
    ...settings,
  };
  const child = spawn(program, ['serve'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const deadline = Date.now() + 60_000;
  while (child.exitCode === null && Date.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    if (answer?.ok) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server did not start:\n${said.slice(-2_000)}`);
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function json(url, method, body, token) {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

function textFrom({ name, phone, id, body, at }) {
  const timestamp = String(Math.floor(at / 1_000));
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '5511999999999', phone_number_id: phoneNumberId },
    contacts: [{ wa_id: phone, profile: { name } }],
    messages: [{ from: phone, id, timestamp, type: 'text', text: { body } }],
  };
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: 'e2e', changes: [{ value, field: 'messages' }] }],
  };
}
