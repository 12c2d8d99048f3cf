import {defineConfig} from 'vitest/config';

import {ProgramFirst} from './test/support/program-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**'],
    env: {TZ: 'UTC', NO_COLOR: '1', LC_ALL: 'C'},
    disableConsoleIntercept: true,
    pool: 'threads',
    // Modules are read once a thread instead of once a file: a third of the time. They keep no state, so tests do not meet in them.
    isolate: false,
    maxWorkers: '100%',
    sequence: {sequencer: ProgramFirst},
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
