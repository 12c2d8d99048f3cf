import fc from 'fast-check';
import {expect, test} from 'vitest';

import {scoreForecast} from '../../src/lib/forecasting/index.js';
import {
  adviseLevels,
  KEPT_LEVELS,
  NO_SCORES,
  poolScores,
  scoreBlock,
  type ScoreSums,
  scoreSteps,
  tellScores,
} from '../../src/lib/monitoring/index.js';

const value = fc.integer({min: 0, max: 1000});
const outcome = fc.oneof({weight: 5, arbitrary: value}, {weight: 1, arbitrary: fc.constant(Number.NaN)});
/** Steps of one series: quantiles in rising order, and what came. */
const steps = fc.array(
  fc.record({
    quantiles: fc
      .array(value, {minLength: KEPT_LEVELS.length, maxLength: KEPT_LEVELS.length})
      .map((values) => values.sort((left, right) => left - right)),
    y: outcome,
  }),
  {minLength: 1, maxLength: 12},
);
type Steps = readonly {readonly quantiles: readonly number[]; readonly y: number}[];

function pathsOf(of: Steps): readonly Float64Array[] {
  return KEPT_LEVELS.map((_, index) => Float64Array.from(of, ({quantiles}) => quantiles[index] ?? 0));
}

function scored(of: Steps): ScoreSums {
  return scoreSteps(
    pathsOf(of),
    Float64Array.from(of, ({y}) => y),
  );
}

test('losses and coverage are those that evaluate tells', () => {
  fc.assert(
    fc.property(steps, (of) => {
      const quantiles = pathsOf(of);
      const point = quantiles[KEPT_LEVELS.indexOf(0.5)] ?? new Float64Array();
      const forecast = {...{id: 'v', startUs: 0, stepSeconds: 3600, point}, levels: KEPT_LEVELS, quantiles};
      const expected = scoreForecast(
        forecast,
        new Float64Array(),
        Float64Array.from(of, ({y}) => y),
        [],
      );
      const sums = scored(of);
      expect(sums.steps).toBe(expected?.stepCount ?? 0);
      expect(sums.loss).toBeCloseTo(expected?.quantileLoss ?? 0, 6);
      expect(sums.under).toEqual(expected?.coveredSteps ?? KEPT_LEVELS.map(() => 0));
      expect(sums.steps + sums.unknownSteps).toBe(of.length);
    }),
  );
});

test('steps scored together are steps scored apart and pooled', () => {
  fc.assert(
    fc.property(steps, fc.nat(12), (of, cut) => {
      const [whole, parts] = [scored(of), poolScores([scored(of.slice(0, cut)), scored(of.slice(cut))])];
      expect({...parts, loss: 0}).toEqual({...whole, loss: 0});
      expect(parts.loss).toBeCloseTo(whole.loss, 6);
    }),
  );
});

test('a wider interval never holds less, and an outcome at its ends is inside', () => {
  fc.assert(
    fc.property(steps, (of) => {
      const {inside, width} = scored(of);
      expect([...inside].sort((left, right) => left - right)).toEqual(inside);
      expect([...width].sort((left, right) => left - right)).toEqual(width);
    }),
  );
  const flat = Array.from({length: 3}, () => ({quantiles: KEPT_LEVELS.map(() => 7), y: 7}));
  expect(tellScores(scored(flat)).coverage.map(({share}) => share)).toEqual([1, 1, 1]);
});

test('figures of nothing are absent, not 0', () => {
  expect(tellScores(NO_SCORES)).toEqual({steps: 0, unknownSteps: 0, coverage: [], sharpness: []});
});

test('a block tells volumes, their classes and boundaries apart, and is none when no outcome is known', () => {
  const quantiles = KEPT_LEVELS.map((_, index) => Float64Array.of(10 * index, 10 * index));
  const volumes = [
    {id: 'a', kind: 'ordinary' as const, scale: 10, quantiles},
    {id: 'b', kind: 'intermittent' as const, scale: 0, quantiles},
    {id: 'gone', kind: 'ordinary' as const, scale: 10, quantiles},
  ];
  const outcomes: Readonly<Record<string, Float64Array>> = {
    a: Float64Array.of(40, Number.NaN),
    b: Float64Array.of(40, 1000),
    rack: Float64Array.of(0, 80),
  };
  const block = scoreBlock(volumes, [{id: 'rack', quantiles}], (_, id) => outcomes[id]);
  expect(
    block?.scopes.map(({scope, name, series, sums}) => [scope, name, series, sums.steps, sums.unknownSteps]),
  ).toEqual([
    ['volumes', '', 2, 3, 3],
    ['class', 'intermittent', 1, 2, 0],
    ['class', 'ordinary', 1, 1, 3],
    ['boundary', 'rack', 1, 2, 0],
  ]);
  // A volume that never moved is measured by a hundredth of what it holds, and no volume outweighs all others.
  expect(block?.night.scaledLoss).toBeLessThanOrEqual(20);
  expect(scoreBlock(volumes, [], () => undefined)).toBeUndefined();
});

test('levels that are kept are asked for as they are; those that hold too little are asked for higher', () => {
  const night = (level90: number): ScoreSums => ({
    ...{...NO_SCORES, steps: 100},
    inside: [50, level90, level90],
    under: KEPT_LEVELS.map((level) => (level > 0.5 ? level90 : 100 * level)),
  });
  const kept = adviseLevels(
    Array.from({length: 20}, () => ({...night(90), under: KEPT_LEVELS.map((level) => 100 * level)})),
  );
  expect(kept.isOff).toBe(false);
  for (const {level, ask} of kept.levels) expect(ask).toBeCloseTo(level, 9);
  const short = adviseLevels(Array.from({length: 20}, () => night(70)));
  expect(short.isOff).toBe(true);
  expect(short.levels.find(({level}) => level === 0.9)?.ask).toBeGreaterThan(0.95);
  expect(adviseLevels([night(70)]).isOff).toBe(false);
});
