import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {createRandom, sum} from '../../src/lib/core/index.js';
import {
  type FittedModel,
  forecastModel,
  forecastPeaks,
  type PeakOptions,
  upperQuantile,
} from '../../src/lib/forecasting/index.js';
import {suddenGrowth} from '../../src/lib/patterns/index.js';
import {made, seriesOf} from './builders.js';

/** Foresees the last known value for ever. */
const last: FittedModel = {
  model: 'last',
  predict: (histories, horizonSteps) =>
    Promise.resolve(
      histories.map(({values}) => new Float64Array(horizonSteps).fill(values.at(-1) ?? Number.NaN)),
    ),
  save: () => ({}),
};

function options(more: Partial<PeakOptions> = {}): PeakOptions {
  return {horizonSteps: 4, originCount: 10, sampleCount: 100, random: createRandom(1), ...more};
}

describe('the forecast of peaks', () => {
  it('adds what was missed at each past origin to what is foreseen now', async () => {
    const rising = made(60, (step) => 100 + 2 * step);
    const {point, samples} = await forecastPeaks(last, [rising], options());
    // Four steps after an origin the line has risen by 8.
    expect(samples).toHaveLength(10);
    for (const sample of samples) expect(sample[0]).toBeCloseTo(100 + 2 * 59 + 8, 10);
    expect(point[0]).toBeCloseTo(226, 10);
  });

  it('keeps series together: what one gains the other loses in the same sample', async () => {
    const one = made(200, (_, noise) => 1000 + 10 * noise, {id: 'one', seed: 1});
    const mirror = seriesOf(
      one.values.map((value) => 2000 - value),
      'mirror',
    );
    // The least of a path is the peak of its mirror, so peaks of one step only mirror each other.
    const {samples} = await forecastPeaks(last, [one, mirror], options({horizonSteps: 1, originCount: 50}));
    const sums = samples.map((sample) => sum(sample));
    for (const total of sums) expect(total).toBeCloseTo(2000, 6);
    const first = samples.map((sample) => sample[0] ?? 0);
    expect(upperQuantile(first, 0.9) - Math.min(...first)).toBeGreaterThan(10);
  });

  it('never looks at steps it was not given, never gives more samples than asked, and none below 0', async () => {
    const levels = fc.array(fc.integer({min: 0, max: 1000}), {minLength: 1, maxLength: 80});
    const property = fc.asyncProperty(
      levels,
      fc.integer({min: 1, max: 12}),
      fc.integer({min: 1, max: 9}),
      async (values, horizonSteps, count) => {
        const panel = [seriesOf(values, 'a'), seriesOf(values.toReversed(), 'b')];
        const {point, samples} = await forecastPeaks(
          last,
          panel,
          options({horizonSteps, sampleCount: count}),
        );
        expect(samples.length).toBeGreaterThan(0);
        expect(samples.length).toBeLessThanOrEqual(count);
        for (const values of [point, ...samples]) {
          expect(values).toHaveLength(2);
          expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        }
      },
    );
    await fc.assert(property, {numRuns: 150, seed: 5});
  });

  it('lets a newer volume err as the fleet did where it was not there, and as itself where it was', async () => {
    const old = made(90, (step) => 1000 + 10 * step, {id: 'old'});
    const born = seriesOf(
      Float64Array.from({length: 90}, (_, step) => (step < 88 ? Number.NaN : 500)),
      'born',
    );
    const zeroFirst = seriesOf(
      Float64Array.from({length: 90}, (_, step) => (step < 88 ? 0 : 500)),
      'zero-first',
    );
    const {samples} = await forecastPeaks(last, [old, born, zeroFirst], options());
    for (const [old1 = 0, born1 = 0, zero1 = 0] of samples) {
      // The others erred by 40 on what they held; the newer one by the same share of its 500.
      expect(old1).toBeCloseTo(1890 + 40, 6);
      expect(born1).toBeGreaterThan(500 * (1 + 40 / 1900));
      expect(born1).toBeLessThan(500 * (1 + 40 / 1200));
      expect(zero1).toBe(born1);
    }
  });

  it('errs in proportion to growth when asked to, fourfold at most', async () => {
    const doubling = made(60, (step) => 2 ** (step / 15));
    const now = 2 ** (59 / 15);
    const absolute = await forecastPeaks(last, [doubling], options());
    const relative = await forecastPeaks(last, [doubling], options({errors: 'relative'}));
    const truth = 2 ** (63 / 15);
    expect(Math.max(...absolute.samples.map(([peak = 0]) => peak))).toBeLessThan(truth);
    expect(relative.samples[0]?.[0]).toBeCloseTo(truth, 6);
    expect(Math.max(...relative.samples.map(([peak = 0]) => peak))).toBeLessThan(
      now * (1 + 4 * (truth / now - 1)),
    );
  });

  it('scales up what shorter horizons show where history is short, and stays with the prediction without any', async () => {
    const young = await forecastPeaks(last, [made(6, (step) => 10 + step)], options({horizonSteps: 12}));
    // Three steps show 3 too little, twelve are taken to show 12.
    for (const sample of young.samples) expect(sample[0]).toBeCloseTo(15 + 12, 10);
    expect(await forecastPeaks(last, [seriesOf([7])], options())).toEqual({
      point: Float64Array.of(7),
      samples: [Float64Array.of(7)],
    });
    const unknown = await forecastPeaks(last, [seriesOf([Number.NaN, Number.NaN, Number.NaN])], options());
    expect([unknown.point[0], unknown.samples[0]?.[0]]).toEqual([0, 0]);
  });

  it('bounds the sum of peaks at its level on histories that go on as before', async () => {
    let covered = 0;
    const rounds = 120;
    for (let round = 0; round < rounds; round += 1) {
      const random = createRandom(round);
      const totals = Array.from({length: 3}, () => ({level: 5000}));
      const whole = totals.map((walk, index) =>
        made(260, (_, noise) => (walk.level += 3 + 10 * noise), {id: `${index}`, seed: `${round}/${index}`}),
      );
      const known = whole.map((series) => seriesOf(series.values.subarray(0, 250), series.id));
      const {samples} = await forecastPeaks(
        last,
        known,
        options({horizonSteps: 10, originCount: 16, random}),
      );
      const bound = upperQuantile(
        samples.map((sample) => sum(sample)),
        0.95,
      );
      const came = sum(whole.map(({values}) => Math.max(...values.subarray(250))));
      if (came <= bound) covered += 1;
    }
    // Two standard errors at .95 of 120 are .04, and overlapping horizons cost a little more.
    expect(covered / rounds).toBeGreaterThan(0.89);
  });

  it('keeps a level over a horizon of which history holds few: origins that overlap are not taken for many', async () => {
    let kept = 0;
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = createRandom(seed);
      // Seven days after 17, hourly: growth whose pace changes from day to day.
      let [level, pace] = [1000, 1];
      const values = Float64Array.from({length: 420 + 168}, () => {
        pace = 1 + 0.97 * (pace - 1) + (random.next() - 0.5);
        level += pace + 4 * (random.next() - 0.5);
        return level;
      });
      const known = seriesOf(values.subarray(0, 420), 'fleet');
      const {samples} = await forecastPeaks(last, [known], options({horizonSteps: 168, originCount: 40}));
      const bound = upperQuantile(
        samples.map((sample) => sample[0] ?? 0),
        0.95,
      );
      if (Math.max(...values.subarray(420)) <= bound) kept += 1;
    }
    expect(kept).toBeGreaterThan(90);
  });

  it('is the same with the same seed', async () => {
    const panel = [
      made(90, (_, noise) => 50 + noise, {id: 'a'}),
      seriesOf([...new Array<number>(60).fill(NaN), ...new Array<number>(30).fill(4)], 'b'),
    ];
    const fitted = await forecastModel('seasonal-naive').fit(panel, {
      horizonSteps: 4,
      seasonSteps: [8],
      random: createRandom(1),
    });
    const [one, two] = [
      await forecastPeaks(fitted, panel, options()),
      await forecastPeaks(fitted, panel, options()),
    ];
    expect(two).toEqual(one);
  });
});

describe('sudden growth as a term of its own', () => {
  const steady = (id: string): ReturnType<typeof made> => made(300, (step) => 1000 + step, {id});
  const jumping = made(300, (step) => 1000 + step + (step >= 200 ? 1000 : 0), {id: 'jumping'});
  const panel = [jumping, ...Array.from({length: 9}, (_, index) => steady(`steady ${index}`))];
  const sudden = panel.map(({values}) => suddenGrowth(values));
  const asked = {horizonSteps: 24, originCount: 40};

  it('is no longer an error of the series that had it, and may strike any', async () => {
    const without = await forecastPeaks(last, panel, options(asked));
    const withTerm = await forecastPeaks(last, panel, options({...asked, sudden}));
    const highest = (samples: readonly Float64Array[], series: number): number =>
      Math.max(...samples.map((sample) => sample[series] ?? 0));
    // Without the term only the volume that jumped may jump again; some origin has the jump in its horizon.
    expect(highest(without.samples, 0)).toBeGreaterThan(2299 + 900);
    for (let series = 1; series < panel.length; series += 1)
      expect(highest(without.samples, series)).toBeCloseTo(1299 + 24, 6);
    const others = panel.slice(1).filter((_, index) => highest(withTerm.samples, index + 1) > 1299 + 400);
    expect(others.length).toBeGreaterThan(0);
    // Of 252 steps watched 24 have the jump in them: of 40 samples about one in ten.
    const struck = withTerm.samples.filter((sample) => sum(sample) > sum(withTerm.point) + 300);
    expect(struck.length).toBeGreaterThan(0);
    expect(struck.length).toBeLessThan(14);
  });

  it('changes nothing where none was seen, and looks at nothing later than the history', async () => {
    const calm = panel.slice(1);
    const none = calm.map(() => []);
    const plain = await forecastPeaks(last, calm, options(asked));
    expect(await forecastPeaks(last, calm, options({...asked, sudden: none}))).toEqual(plain);
    const early = panel.map((series) => ({...series, values: series.values.subarray(0, 190)}));
    const before = await forecastPeaks(last, early, options(asked));
    expect(await forecastPeaks(last, early, options({...asked, sudden}))).toEqual(before);
  });
});
