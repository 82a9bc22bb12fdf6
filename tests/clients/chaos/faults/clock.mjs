import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BACK = 8;

/** The clock of the node steps back by an hour, and later forward again. */
export function stepsBack(about) {
  return {
    about,
    nodes: 1,
    events: 4000,
    open: async () => {
      const { FAKETIME_LIBRARY } = process.env;
      if (!FAKETIME_LIBRARY) throw new Error('this fault takes libfaketime: tests/with-faketime node chaos.mjs …');
      const directory = mkdtempSync(join(tmpdir(), 'recado-clock-'));
      process.on('exit', () => rmSync(directory, { recursive: true }));
      const clock = join(directory, 'clock');
      const set = (offset) => {
        // At once: the file is read again and again.
        writeFileSync(`${clock}.new`, offset);
        renameSync(`${clock}.new`, clock);
      };
      set('+0s');
      const env = {
        LD_PRELOAD: FAKETIME_LIBRARY,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_CACHE_DURATION: '1',
        // As the system's clock does not touch the one that timers go by.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      };
      return { settings: { env }, isHarmless: true, seconds: BACK, begin: async () => set('-3600s'), end: async () => set('+0s') };
    },
  };
}
