import {expect, test} from 'vitest';

import {CoverageTally} from '../../src/lib/traces/aggregation/log-coverage.js';

const MINUTE_US = 60_000_000;
const QUARTER_US = 15 * MINUTE_US;

/** What an input covers that has rows of volume 0 in these minutes. */
function spansOf(minutes: readonly number[], gapUs = QUARTER_US): number[][] | undefined {
  const tally = new CoverageTally();
  for (const minute of minutes) tally.note(0, minute * MINUTE_US);
  const spans = tally.toCoverage('requests', gapUs, ['v'])?.spansUs;
  return spans?.map(([fromUs, toUs]) => [fromUs / MINUTE_US, toUs / MINUTE_US]);
}

test('silence up to the limit is silence, longer it is a gap', () => {
  expect(spansOf([0, 1, 2, 18, 19])).toEqual([[0, 20]]);
  expect(spansOf([0, 1, 2, 19, 20])).toEqual([
    [0, 3],
    [19, 21],
  ]);
  expect(spansOf([0, 1, 2, 19, 20], 16 * MINUTE_US)).toEqual([[0, 21]]);
});

test('rows may come in any order, and many in a minute', () => {
  expect(spansOf([40, 0, 0, 1, 41, 1, 40])).toEqual([
    [0, 2],
    [40, 42],
  ]);
});

test('a log that is written rarely has a gap where it is silent three times as long as usual', () => {
  expect(spansOf([0, 60, 120, 180, 360])).toEqual([[0, 361]]);
  expect(spansOf([0, 60, 120, 180, 362])).toEqual([
    [0, 181],
    [362, 363],
  ]);
});

test('an input speaks for the volumes that it has rows of, by name; without a row it covers nothing', () => {
  const tally = new CoverageTally();
  tally.note(2, 0);
  tally.note(0, MINUTE_US);
  const coverage = tally.toCoverage('usage', QUARTER_US, ['z', 'silent', 'a']);
  expect(coverage).toMatchObject({of: 'usage', gapUs: QUARTER_US, volumes: ['a', 'z']});
  expect(new CoverageTally().toCoverage('usage', QUARTER_US, ['z'])).toBeUndefined();
});
