import fc from 'fast-check';
import {expect, it} from 'vitest';

import {byteTicks, dayTicks} from '../../src/lib/charts/index.js';

const DAY_US = 86_400_000_000;

it('marks bytes at a few round numbers from 0 to the most, each with a label of its own', () => {
  fc.assert(
    fc.property(fc.double({min: 1, max: 2 ** 62, noNaN: true}), (most) => {
      const ticks = byteTicks(most);
      expect(ticks[0]).toEqual({at: 0, label: '0'});
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(5);
      expect(new Set(ticks.map(({label}) => label)).size).toBe(ticks.length);
      for (const {at} of ticks) expect(at).toBeLessThanOrEqual(most);
    }),
  );
});

it('says bytes as people do', () => {
  expect(byteTicks(70 * 2 ** 30).map(({label}) => label)).toEqual(['0', '20 GiB', '40 GiB', '60 GiB']);
  expect(byteTicks(1.5 * 2 ** 40).map(({label}) => label)).toEqual(['0', '0.5 TiB', '1 TiB', '1.5 TiB']);
});

it('marks a few midnights within the time', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 0, max: 2e15}),
      fc.integer({min: DAY_US, max: 3000 * DAY_US}),
      (fromUs, lengthUs) => {
        const ticks = dayTicks(fromUs, fromUs + lengthUs);
        expect(ticks.length).toBeGreaterThanOrEqual(1);
        expect(ticks.length).toBeLessThanOrEqual(5);
        for (const {at} of ticks) {
          expect(at % DAY_US).toBe(0);
          expect(at >= fromUs && at <= fromUs + lengthUs).toBe(true);
        }
      },
    ),
  );
});
