import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // A soak takes long and is run by itself: `npm run soak`.
    include: [process.env.SOAK ? 'e2e/**/*.soak.ts' : 'e2e/**/*.e2e.ts'],
    // Each file has a server and a browser of its own; more at once would measure each other.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
