import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {describeSeason, type Season} from '../../src/lib/patterns/index.js';
import {fourierTransform, fromPower, powerSpectrum} from '../../src/lib/patterns/seasons/fourier.js';
import {ratioTail} from '../../src/lib/patterns/seasons/locking-test.js';
import {normalQuantile, normalScores} from '../../src/lib/patterns/seasons/normal-scores.js';
import {studentTail} from '../../src/lib/patterns/seasons/stretch-scan.js';
import {withoutLevel} from '../../src/lib/patterns/seasons/without-level.js';

describe('the Fourier transform', () => {
  it('is the sum that defines it', () => {
    const random = createRandom(1);
    const values = Float64Array.from({length: 32}, () => random.normal());
    const [real, imaginary] = [values.slice(), new Float64Array(32)];
    fourierTransform(real, imaginary);
    for (const frequency of [0, 1, 5, 16, 31]) {
      const angle = (step: number): number => (-2 * Math.PI * frequency * step) / 32;
      const sum = (part: (angle: number) => number): number =>
        values.reduce((total, value, step) => total + value * part(angle(step)), 0);
      expect(real[frequency]).toBeCloseTo(sum(Math.cos), 10);
      expect(imaginary[frequency]).toBeCloseTo(sum(Math.sin), 10);
    }
  });

  it('gives the autocovariance', () => {
    const values = Float64Array.from([1, 2, 0, -1]);
    expect(
      [...fromPower(powerSpectrum(values, 8)).subarray(0, 4)].map((value) => Math.round(value * 1e9) / 1e9),
    ).toEqual([6, 2, -2, -1]);
  });
});

describe('distributions', () => {
  it('have the critical values of the tables', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.0001)).toBeCloseTo(-3.719016, 5);
    expect(normalQuantile(1e-12)).toBeCloseTo(-7.034484, 4);
    expect(ratioTail(3.478, 2, 5)).toBeCloseTo(0.05, 4);
    expect(ratioTail(10.925, 1, 3)).toBeCloseTo(0.01, 5);
    expect(studentTail(3.355, 8) / 0.005).toBeCloseTo(1, 1);
    expect(studentTail(4.501, 8) / 0.001).toBeCloseTo(1, 1);
  });

  it('of ranks give equal values the same score', () => {
    expect(
      [...normalScores(Float64Array.from([5, Number.NaN, 5, 1, 9]))].map((score) => score.toFixed(2)),
    ).toEqual(['0.00', 'NaN', '0.00', '-0.84', '0.84']);
  });
});

describe('without level', () => {
  it('takes a drift and a shift off, and leaves the season', () => {
    const season = (step: number): number => [3, 1, -2, -2][step % 4] ?? 0;
    const values = Float64Array.from(
      {length: 80},
      (_, step) => season(step) + 0.1 * step + (step >= 40 ? 50 : 0),
    );
    const left = withoutLevel(values, 4);
    const away = (step: number): number => Math.abs((left[step] ?? 0) - (left[step % 4] ?? 0));
    for (const step of [8, 21, 30, 50, 63, 77]) expect(away(step), `step ${step}`).toBeLessThan(1.5);
    expect(left.filter((value) => Math.abs(value) > 5).length).toBeLessThanOrEqual(1);
  });
});

describe('a season in words', () => {
  const season = (part: Partial<Season>): Season => ({
    ...{kind: 'daily', periodSeconds: 86_400, cycles: 9, strength: 0.5, pValue: 1e-9, profile: []},
    ...part,
  });
  const cells = (count: number, ...busy: readonly number[]): number[] =>
    Array.from({length: count}, (_, cell) => (busy.includes(cell) ? 1 : 0));

  it.each<[string, Partial<Season>, string, string]>([
    ['hours', {profile: cells(24, 9, 10, 11)}, 'daily', '9-12 h'],
    ['over midnight', {profile: cells(24, 23, 0, 1)}, 'daily', '23-2 h'],
    ['weekdays', {kind: 'weekly', profile: cells(7, 0, 1, 2, 3, 4)}, 'weekly', 'Mon-Fri'],
    ['a day of the month', {kind: 'monthly', profile: cells(31, 0, 14)}, 'monthly', 'day 1, day 15'],
    [
      'the end of a month',
      {kind: 'monthly', isFromEnd: true, profile: cells(31, 29, 30)},
      'monthly',
      'last-1-last day',
    ],
    ['dates', {kind: 'yearly', profile: cells(52, 51)}, 'yearly', '24 Dec-31 Dec'],
    ['another length', {kind: 'other', periodSeconds: 129_600, profile: cells(36, 1)}, 'every 36 h', ''],
    ['in days', {kind: 'other', periodSeconds: 864_000, profile: cells(10, 1)}, 'every 10 d', ''],
  ])('tells %s', (_, part, name, busy) => {
    expect(describeSeason(season(part))).toMatchObject({name, busy});
  });
});
