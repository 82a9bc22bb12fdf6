import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './server.mjs';
import { until } from './wait.mjs';

const SECONDS_TO_START = 20;

/**
 * What can stand in front of nodes: where its configuration says that it listens, what is around that, and how it is
 * started. Each is one process, so that killing it leaves nothing behind, and keeps to its directory.
 */
const PROGRAMS = {
  nginx: {
    listens: [/listen 80;/, (port) => `listen 127.0.0.1:${port};`],
    around: (directory, site) => `
daemon off;
master_process off;
error_log stderr crit;
pid ${directory}/pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${directory}/${what};`).join('\n  ')}
  ${site}
}
`,
    // Not with NGINX, by which an nginx hands sockets over to the next.
    args: (directory, file) => ['-p', directory, '-c', file, '-e', 'stderr'],
  },
  caddy: {
    listens: [/^recado\.example \{/m, (port) => `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`],
    around: (_, site) => `
{
	admin off
	auto_https off
	log {
		level FATAL
	}
}
${site}
`,
    args: (_, file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
};

/** The names of what can stand in front. */
export const FRONTS = Object.keys(PROGRAMS);

/** A proxy in front of nodes, as its configuration says. */
export class Front {
  /** What it has said of itself. */
  lines = [];

  /** Of the configuration only names and ports become others: `recado-1:3333` is the first node, and so on. */
  static async start({ name, program, configuration }, nodes, random) {
    const { listens, around, args } = PROGRAMS[name];
    const front = new Front();
    const directory = mkdtempSync(join(tmpdir(), `recado-${name}-`));
    front.port = await freePort(random);
    front.url = `http://127.0.0.1:${front.port}`;
    const [where, here] = listens;
    const named = readFileSync(configuration, 'utf8').replace(where, here(front.port));
    const site = named.replace(/recado-(\d+):3333/g, (_, number) => `127.0.0.1:${nodes[number - 1].port}`);
    const file = join(directory, 'configuration');
    writeFileSync(file, around(directory, site));
    const home = join(directory, 'home');
    mkdirSync(home);
    const child = spawn(program, args(directory, file), {
      env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text) => front.lines.push(...text.split('\n').filter(Boolean)));
    child.on('error', (error) => front.lines.push(error.message));
    process.on('exit', () => {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
    if (await until(Date.now() + SECONDS_TO_START * 1000, () => child.exitCode !== null || isOpen(front.port))) {
      if (child.exitCode === null) return front;
    }
    throw new Error(`${name} does not start: ${front.lines.join('\n')}`);
  }
}

function isOpen(port) {
  return new Promise((resolve) => {
    const probe = connect({ port, host: '127.0.0.1' });
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
