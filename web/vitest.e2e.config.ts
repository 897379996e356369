// End-to-end tests: a real server, a real browser. See e2e/README.md.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/server.ts'],
    // One browser at a time: the machines that run this have few cores, and a starved browser fails without a reason.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What the page shows after a step is asked for again until it is so, or for this long.
    expect: { poll: { timeout: 20_000 } },
  },
});
