import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './server.mjs';
import { until } from './wait.mjs';

const SECONDS_TO_START = 20;

/** An nginx in front of nodes, as its configuration for a `http` block says. */
export class Nginx {
  /** What it has said of itself. */
  lines = [];

  /** Of the configuration only names and ports become others: `recado-1:3333` is the first node, and so on. */
  static async start(program, configuration, nodes, random) {
    const nginx = new Nginx();
    const directory = mkdtempSync(join(tmpdir(), 'recado-nginx-'));
    nginx.port = await freePort(random);
    nginx.url = `http://127.0.0.1:${nginx.port}`;
    const named = readFileSync(configuration, 'utf8').replace(/listen 80;/, `listen 127.0.0.1:${nginx.port};`);
    const placed = named.replace(/recado-(\d+):3333/g, (_, number) => `127.0.0.1:${nodes[number - 1].port}`);
    writeFileSync(join(directory, 'site.conf'), placed);
    writeFileSync(join(directory, 'nginx.conf'), around(directory));
    const child = spawn(program, ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text) => nginx.lines.push(...text.split('\n').filter(Boolean)));
    child.on('error', (error) => nginx.lines.push(error.message));
    process.on('exit', () => {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
    if (await until(Date.now() + SECONDS_TO_START * 1000, () => child.exitCode !== null || isOpen(nginx.port))) {
      if (child.exitCode === null) return nginx;
    }
    throw new Error(`nginx does not start: ${nginx.lines.join('\n')}`);
  }
}

/** One process, so that killing it leaves nothing behind, and nothing outside of the directory. */
const around = (directory) => `
daemon off;
master_process off;
error_log stderr crit;
pid ${directory}/pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${directory}/${what};`).join('\n  ')}
  include ${directory}/site.conf;
}
`;

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
