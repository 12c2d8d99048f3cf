import {defineConfig} from 'vitest/config';

/** The property tests again with as many cases as are claimed for them (see test/support/effort.ts). */
export default defineConfig({
  test: {
    include: ['test/**/*.property.test.ts'],
    env: {TZ: 'UTC', NO_COLOR: '1', LC_ALL: 'C', FORESHADOW_TEST_EFFORT: 'thorough'},
    disableConsoleIntercept: true,
    pool: 'threads',
    maxWorkers: '100%',
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
});
