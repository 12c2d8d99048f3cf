import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {ALARM_SCORE, createOnlineDetector} from '../../src/lib/patterns/index.js';

const STEP_US = 300e6;
const DAY_STEPS = 288;
const HALF_DAY_STEPS = 144;

function scoresOf(values: Iterable<number>, stepUs = STEP_US): number[] {
  const detector = createOnlineDetector();
  return Array.from(values, (value, step) => detector.observe(step * stepUs, value).score);
}

/** Five-minute values with a daily rhythm and noise. */
function rhythm(steps: number, seed = 'rhythm'): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from(
    {length: steps},
    (_, step) => 100 + 40 * Math.sin((2 * Math.PI * step) / DAY_STEPS) + 5 * random.normal(),
  );
}

/** Alarms after the first day, in which all is new. */
function alarms(scores: readonly number[]): readonly number[] {
  return scores.flatMap((score, step) => (score >= ALARM_SCORE && step >= DAY_STEPS ? [step] : []));
}

describe('the online detector', () => {
  it('knows the past only: a prefix has the scores of the whole', () => {
    const whole = rhythm(900).map((value, step) => (step === 700 ? 400 : value));
    const scores = scoresOf(whole);
    fc.assert(
      fc.property(fc.integer({min: 1, max: 899}), (length) => {
        expect(scoresOf(whole.subarray(0, length))).toEqual(scores.slice(0, length));
      }),
      {numRuns: 10, seed: 1},
    );
  });

  it('gives the same scores in any unit', () => {
    const values = rhythm(1500).map((value, step) => (step === 1200 ? 400 : value));
    const scores = scoresOf(values);
    fc.assert(
      fc.property(
        fc.double({min: 1e-6, max: 1e9, noNaN: true}),
        fc.double({min: -1e4, max: 1e4, noNaN: true}),
        (factor, offset) => {
          const changed = scoresOf(values.map((value) => factor * (value + offset)));
          for (const [step, score] of changed.entries()) expect(score).toBeCloseTo(scores[step]!, 4);
        },
      ),
      {numRuns: 5, seed: 1},
    );
    expect(alarms(scores)).not.toEqual([]);
  });

  it('scores in [0, 1] whatever comes: gaps, repeated times, bursts', () => {
    const value = fc.oneof(
      fc.double({noNaN: false, noDefaultInfinity: true}),
      fc.constantFrom(0, Number.NaN, 1e15),
    );
    fc.assert(
      fc.property(fc.array(value, {minLength: 300, maxLength: 400}), (values) => {
        for (const score of scoresOf(values, 0)) expect(score >= 0 && score <= 1).toBe(true);
      }),
      {numRuns: 20, seed: 1},
    );
  });

  it('is silent about what never changes, or repeats exactly', () => {
    expect(Math.max(...scoresOf(new Float64Array(1000).fill(7e9)))).toBe(0);
    const saw = Float64Array.from({length: 2000}, (_, step) => step % 50);
    expect(alarms(scoresOf(saw))).toEqual([]);
  });

  it('finds a spike where it is, once', () => {
    const values = rhythm(2000);
    values[1700] = 400;
    expect(alarms(scoresOf(values))).toEqual([1700]);
    expect(alarms(scoresOf(rhythm(2000))).filter((step) => step >= 1690 && step < 1720)).toEqual([]);
  });

  it('finds a day without its rhythm, though no value is out of range', () => {
    const values = rhythm(14 * DAY_STEPS);
    const flat = 12 * DAY_STEPS;
    values.fill(100, flat, flat + DAY_STEPS);
    const found = alarms(scoresOf(values)).filter((step) => step >= flat && step < flat + DAY_STEPS);
    expect(found.length).toBeGreaterThan(0);
  });

  it('rests half a day after an alarm', () => {
    const values = rhythm(3000);
    for (let step = 1500; step < 3000; step += 40) values[step] = 300 * 1.5 ** ((step - 1500) / 40);
    const found = alarms(scoresOf(values));
    for (const [index, step] of found.entries())
      expect(step - (found[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(HALF_DAY_STEPS);
    expect(found.length).toBeGreaterThan(1);
  });

  it('passes over what is unknown', () => {
    const values = rhythm(1000);
    const known = scoresOf(values);
    const detector = createOnlineDetector();
    const scores = [...values].map((value, step) => {
      expect(detector.observe(step * STEP_US, Number.NaN).score).toBe(0);
      return detector.observe(step * STEP_US, value).score;
    });
    expect(scores).toEqual(known);
  });
});
