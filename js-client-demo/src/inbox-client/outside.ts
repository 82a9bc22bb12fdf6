import { io } from 'socket.io-client';
import { type Browser, thisBrowser } from './link/browser';
import type { MakeSocket } from './link/socket';
import { deviceStorage, type Storage } from './storage';

/** What a test replaces, and what a page that is served elsewhere says. */
export type Outside = {
  baseUrl?: string;
  fetch?: typeof fetch;
  makeSocket?: MakeSocket;
  browser?: Browser;
  storage?: Storage;
  random?: () => number;
  log?: (line: string) => void;
};

/** That, and what a page has otherwise. */
export function outsideOf(given: Outside): Required<Outside> {
  return {
    baseUrl: '',
    fetch: globalThis.fetch.bind(globalThis),
    makeSocket: io,
    browser: thisBrowser,
    storage: deviceStorage(),
    random: Math.random,
    log: (line) => console.debug(line),
    ...given,
  };
}
