import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FULL = 12;
const DISK = '16m';

/** The disk that a SQLite database is on is full, until something else is removed from it. */
export function full(about) {
  return {
    about,
    nodes: 1,
    events: 6000,
    open: async () => {
      const disk = mount();
      const ballast = join(disk, 'ballast');
      return {
        // A folder of its own, which is made on that disk.
        settings: { databaseUrl: `sqlite:${join(disk, 'data', 'recado.db')}` },
        seconds: FULL,
        begin: async () => fill(ballast),
        end: async () => rmSync(ballast),
      };
    },
  };
}

/** A small disk in memory, gone with this process. */
function mount() {
  const disk = mkdtempSync(join(tmpdir(), 'recado-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'recado', disk], { stdio: 'pipe' });
  } catch (error) {
    rmSync(disk, { recursive: true });
    throw new Error(`this fault takes a disk of its own, which root may mount: ${error.stderr}`);
  }
  mkdirSync(join(disk, 'data'));
  process.on('exit', () => {
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}

function fill(path) {
  const file = openSync(path, 'w');
  for (let size = 2 ** 20; size >= 1; ) {
    try {
      if (writeSync(file, Buffer.alloc(size)) < size) size /= 2;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
      size /= 2;
    }
  }
  closeSync(file);
}
