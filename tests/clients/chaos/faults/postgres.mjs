import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How long each lasts, in seconds. */
const PAUSED = 8;
const REFUSED = 6;
const DOWN = 7;

/** PostgreSQL is stopped, and started after a while; `mode` is pg_ctl's. */
export function restarted(mode, about) {
  return {
    about,
    nodes: 2,
    events: 2000,
    open: async () => ({
      ...(await database()),
      seconds: DOWN,
      begin: () => control('stop', '-m', mode),
      end: () => control('start'),
    }),
  };
}

/** All processes of PostgreSQL are stopped as they are, and go on later. */
export function paused(about) {
  return {
    about,
    nodes: 2,
    events: 2000,
    open: async () => {
      let stopped = [];
      const signal = (pids, name) => {
        for (const pid of pids) process.kill(pid, name);
      };
      const goOn = () => signal(stopped.splice(0), 'SIGCONT');
      process.on('exit', goOn);
      return {
        ...(await database()),
        seconds: PAUSED,
        begin: async () => {
          const [, postmaster] = /PID: (\d+)/.exec(await control('status'));
          // Its parent first, so that there are no others afterwards.
          signal([postmaster], 'SIGSTOP');
          const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim().split(' ');
          signal(children, 'SIGSTOP');
          stopped = [postmaster, ...children];
        },
        end: async () => goOn(),
      };
    },
  };
}

/** The database lets go of everybody, and takes nobody for a while, as one does that hands over to another. */
export function failover(about) {
  return {
    about,
    nodes: 2,
    events: 2000,
    open: async () => {
      const { name, settings } = await database();
      return {
        settings,
        seconds: REFUSED,
        begin: async () => {
          await ask(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
          await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
        },
        end: () => ask(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`),
      };
    },
  };
}

/** A database of its own, on the server that tests/with-postgres has started. */
export async function database() {
  if (!process.env.POSTGRES_CTL) throw new Error('this fault takes a PostgreSQL of its own: tests/with-postgres node chaos.mjs …');
  const name = `fault_${process.pid}`;
  await ask(`CREATE DATABASE ${name}`);
  const url = new URL(process.env.TEST_DATABASE_URL);
  url.pathname = name;
  return { name, settings: { databaseUrl: url.href } };
}

async function control(...command) {
  // What is started holds on to what it was given to write to.
  const { stdout } = await run(process.env.POSTGRES_CTL, command, { maxBuffer: 2 ** 20 });
  return stdout;
}

async function ask(sql) {
  await run('psql', [process.env.TEST_DATABASE_URL, '--no-psqlrc', '--quiet', '--command', sql]);
}
