import {defineConfig} from 'vitest/config';

/** Real components (Debian's fio and nbdkit): slower than the fast suite, and skipped by name where they are missing. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    env: {TZ: 'UTC', NO_COLOR: '1', LC_ALL: 'C'},
    disableConsoleIntercept: true,
    testTimeout: 300_000,
  },
});
