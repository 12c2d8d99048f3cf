import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {upperQuantile} from '../../src/lib/forecasting/index.js';

describe('the upper quantile', () => {
  it('is the conformal order statistic where there are enough values', () => {
    const values = Array.from({length: 99}, (_, index) => index + 1);
    expect(upperQuantile(values, 0.9)).toBe(90);
    expect(upperQuantile(values, 0.99)).toBe(99);
    expect(upperQuantile([3, 1, 2, 4, 5, 6, 7, 8, 9], 0.9)).toBe(9);
  });

  it('reaches over everything seen where there are too few', () => {
    expect(upperQuantile([1, 2, 3, 4, 5], 0.99)).toBeGreaterThan(5);
    expect(upperQuantile([7, 7, 7], 0.99)).toBe(7);
    expect(upperQuantile([7], 0.99)).toBe(7);
    expect(upperQuantile([], 0.99)).toBeNaN();
  });

  it('covers the next value at its level or more, with many values and with few, tails exponential or lighter', () => {
    const draws = {
      exponential: (next: () => number) => -Math.log(1 - next()),
      uniform: (next: () => number) => next(),
      normal: (next: () => number) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    };
    for (const [name, draw] of Object.entries(draws)) {
      for (const [count, level] of [
        [5, 0.9],
        [12, 0.95],
        [12, 0.99],
        [40, 0.99],
        [150, 0.99],
      ] as const) {
        const random = createRandom(`${name}/${count}/${level}`);
        const rounds = 3000;
        let covered = 0;
        for (let round = 0; round < rounds; round += 1) {
          const sample = Array.from({length: count}, () => draw(() => random.next()));
          if (draw(() => random.next()) <= upperQuantile(sample, level)) covered += 1;
        }
        // Three standard errors of a share estimated from that many rounds.
        const slack = 3 * Math.sqrt((level * (1 - level)) / rounds);
        expect(covered / rounds, `${name}, ${count} values, level ${level}`).toBeGreaterThan(level - slack);
      }
    }
  });

  it('rises with the level, does not care for order, and follows shift and scale', () => {
    const values = fc.array(fc.double({min: -1e6, max: 1e6, noNaN: true}), {minLength: 1, maxLength: 60});
    const level = fc.double({min: 0.5, max: 0.999, noNaN: true});
    fc.assert(
      fc.property(values, level, level, (sample, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(upperQuantile(sample, high)).toBeGreaterThanOrEqual(upperQuantile(sample, low) - 1e-6);
        expect(upperQuantile(sample.toReversed(), one)).toBe(upperQuantile(sample, one));
        const moved = upperQuantile(
          sample.map((value) => 3 * value + 5),
          one,
        );
        expect(moved).toBeCloseTo(3 * upperQuantile(sample, one) + 5, 3);
      }),
      {numRuns: 300, seed: 11},
    );
  });
});
