import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {alarmNights, nightsOf, nightsUntilAlarm, STATIONARY} from '../../bench/drift-nights.js';
import {createRandom} from '../../src/lib/core/index.js';
import {evidenceOf, studentTail, testDrift, WARM_UP_NIGHTS} from '../../src/lib/monitoring/index.js';
import {effort} from '../support/effort.js';

const RUNS = effort(20, 400);

describe('the false-alarm rate holds on stationary nights', () => {
  test.each(STATIONARY)('$name', (stationary) => {
    const nightsPerFalseAlarm = 100;
    const nights = RUNS * 365;
    let alarms = 0;
    for (let run = 0; run < RUNS; run += 1)
      alarms += alarmNights(
        nightsOf(365, {...stationary, shiftAt: Infinity, shift: 0}, createRandom(`false ${run}`)),
        {nightsPerFalseAlarm},
      ).length;
    const most = nights / nightsPerFalseAlarm;
    expect(alarms).toBeLessThanOrEqual(most + 3 * Math.sqrt(most));
  });
});

test('a large drift is found within three nights, a small one later, and none before it comes', () => {
  const delays = (shift: number): number[] =>
    Array.from({length: RUNS}, (_, run) =>
      nightsUntilAlarm(
        {name: '', correlation: 0, weekly: 0, isHeavy: false, shiftAt: 20, shift},
        createRandom(`found ${run}`),
      ),
    );
  const [large, small] = [delays(8), delays(4)];
  expect(large.filter((nights) => nights <= 3).length).toBeGreaterThanOrEqual(0.9 * RUNS);
  expect(small.filter((nights) => nights <= 28).length).toBeGreaterThanOrEqual(0.8 * RUNS);
});

const night = fc.record({
  logLoss: fc.double({min: -5, max: 5, noNaN: true}),
  bias: fc.double({min: -5, max: 5, noNaN: true}),
});
const options = {nightsPerFalseAlarm: 1000};

test('a verdict depends on the nights up to it only, and not on where losses lie', () => {
  fc.assert(
    fc.property(fc.array(night, {maxLength: 40}), fc.nat(40), (nights, count) => {
      const all = testDrift(nights, options);
      expect(testDrift(nights.slice(0, count), options)).toEqual(all.slice(0, count));
      const moved = testDrift(
        nights.map(({logLoss, bias}) => ({logLoss: logLoss + 3, bias})),
        options,
      );
      for (const [index, {evidence}] of moved.entries())
        expect(evidence).toBeCloseTo(all[index]?.evidence ?? Number.NaN, 4);
    }),
  );
});

test('the first nights raise nothing, whatever they are, nor does one bad night among equal ones', () => {
  fc.assert(
    fc.property(fc.array(night, {maxLength: WARM_UP_NIGHTS}), (nights) => {
      expect(testDrift(nights, options).every(({evidence}) => evidence === 0)).toBe(true);
    }),
  );
  const calm = {logLoss: 0, bias: 0};
  const verdicts = testDrift([...Array<typeof calm>(20).fill(calm), {logLoss: 5, bias: 0}, calm], options);
  expect(verdicts.some(({isAlarm}) => isAlarm)).toBe(false);
  expect(verdicts[20]?.evidence).toBeGreaterThan(10);
});

test('e-values come to 1 in the mean over p-values that are uniform', () => {
  const steps = 200_000;
  let total = 0;
  // Geometric steps: most of the mean lies near 0.
  for (let step = 0; step < steps; step += 1) {
    const [from, to] = [step, step + 1].map((at) => 10 ** ((12 * at) / steps - 12));
    total += evidenceOf(((from ?? 0) + (to ?? 0)) / 2) * ((to ?? 0) - (from ?? 0));
  }
  // What lies under 1e-12 is 1 / ln(1e12) of it.
  expect(total + 1 / Math.log(1e12)).toBeCloseTo(1, 2);
  fc.assert(
    fc.property(
      fc.double({min: 0, max: 1, noNaN: true}),
      fc.double({min: 0, max: 1, noNaN: true}),
      (one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(evidenceOf(low)).toBeGreaterThanOrEqual(evidenceOf(high) - 1e-3);
      },
    ),
  );
});

test.each([
  // Upper 5 %, 2.5 % and 0.1 % points of Student's t (Abramowitz and Stegun, table 26.10).
  [1, 6.314, 0.05],
  [2, 4.303, 0.025],
  [3, 10.215, 0.001],
  [6, 1.943, 0.05],
  [9, 2.262, 0.025],
  [10, 4.144, 0.001],
])("Student's t with %d degrees of freedom exceeds %d with probability %d", (freedom, t, p) => {
  expect(studentTail(t, freedom)).toBeCloseTo(p, 4);
  expect(studentTail(-t, freedom)).toBeCloseTo(1 - p, 4);
});
