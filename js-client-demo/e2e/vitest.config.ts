import { defineConfig } from 'vitest/config';

/** `--mode soak`, `--mode day` and `--mode screenshots` run what takes long, or is looked at, instead of the tests. */
export default defineConfig(({ mode }) => ({
  test: {
    include: [`e2e/**/*.${mode === 'test' ? 'e2e' : mode}.ts`],
    // Each file has a server and a browser of its own; more at once would measure each other.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
}));
