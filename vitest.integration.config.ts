import {defineConfig} from 'vitest/config';

/** Real components from Debian's packages: slower than the fast suite, and skipped by name where they are missing. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    env: {TZ: 'UTC', NO_COLOR: '1', LC_ALL: 'C'},
    disableConsoleIntercept: true,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Real clusters beside each other would take each other's time-outs.
    fileParallelism: false,
  },
});
