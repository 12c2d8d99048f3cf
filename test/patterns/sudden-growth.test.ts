import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {suddenGrowth} from '../../src/lib/patterns/index.js';

/** Grows by 1 to 3 a step from 1000 on. */
const steady = Float64Array.from({length: 200}, (_, step) => 1000 + 2 * step + (step % 3));

function withJump(step: number, bytes: number): Float64Array {
  return steady.map((value, at) => (at >= step ? value + bytes : value));
}

describe('sudden growth', () => {
  it('is a step that rises far more than the steps before, as a share of what is then held', () => {
    const [found, ...more] = suddenGrowth(withJump(120, 600));
    expect(more).toEqual([]);
    expect(found?.step).toBe(120);
    expect(found?.share).toBeCloseTo(600 / (steady[120] ?? 0) / (1 + 600 / (steady[120] ?? 1)), 2);
  });

  it('is none where a volume grows as it always did, has too short a past, begins, or shrinks', () => {
    expect(suddenGrowth(steady)).toEqual([]);
    expect(suddenGrowth(withJump(20, 600))).toEqual([]);
    expect(suddenGrowth(Float64Array.from({length: 200}, (_, step) => (step < 120 ? 0 : 5000)))).toEqual([]);
    expect(suddenGrowth(withJump(120, -600))).toEqual([]);
    // Less than a hundredth of what it holds.
    expect(suddenGrowth(withJump(120, 9).map((value) => value * 1e6 + 1e12))).toEqual([]);
  });

  it('knows of a beginning what it knows of the whole, whatever the unit, and passes over gaps', () => {
    const values = fc.array(fc.oneof(fc.constant(Number.NaN), fc.integer({min: 0, max: 5000})), {
      minLength: 60,
      maxLength: 160,
    });
    fc.assert(
      fc.property(values, fc.nat(160), (list, cut) => {
        const series = Float64Array.from(list);
        const whole = suddenGrowth(series);
        expect(suddenGrowth(series.subarray(0, cut))).toEqual(whole.filter(({step}) => step < cut));
        const scaled = suddenGrowth(series.map((value) => value * 1024));
        expect(scaled.map(({step}) => step)).toEqual(whole.map(({step}) => step));
        for (const {share} of whole) expect(share > 0 && share <= 1).toBe(true);
      }),
      {numRuns: 100, seed: 1},
    );
    const gappy = withJump(120, 600);
    gappy.fill(Number.NaN, 118, 121);
    expect(suddenGrowth(gappy).map(({step}) => step)).toEqual([121]);
  });
});
