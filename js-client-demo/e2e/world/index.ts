import { test as base } from 'vitest';
import { World } from './world';

export { expect } from 'vitest';
export { Chat } from './chat';
export { networkErrors } from './person';
export { until } from './until';

/**
 * A test in a `world`: all of a file's share one. After each, everybody closes their pages, and what
 * went wrong on them (errors in the console, offences against the Content-Security-Policy) fails it.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it what a fixture depends on.
  .extend('world', { scope: 'file' }, async ({}, { onCleanup }) => {
    const world = await World.open();
    onCleanup(() => world.close());
    return world;
  })
  .extend('everybodyLeaves', { auto: true }, async ({ world }, { onCleanup }) => {
    onCleanup(() => world.everybodyLeaves());
  });
