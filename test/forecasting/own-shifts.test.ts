import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {BAND_LEVELS} from '../../src/lib/forecasting/index.js';
import {ownShifts} from '../../src/lib/forecasting/own-shifts.js';

const ORIGINS = 6;
const STEPS = 20;

/** Errors of every series and origin, the newest origin first; the same about each level's quantile. */
function errorsOf(
  error: (series: number, origin: number, noise: number) => number,
): readonly Map<string, Float64Array[]>[] {
  return BAND_LEVELS.map((level) => {
    const random = createRandom(`errors ${level}`);
    return new Map(
      Array.from({length: 30}, (_, series) => [
        `v${series}`,
        Array.from({length: ORIGINS}, (__, origin) =>
          new Float64Array(STEPS).map(() => error(series, origin, random.normal())),
        ),
      ]),
    );
  });
}

const scales = new Map(Array.from({length: 30}, (_, series) => [`v${series}`, 1]));

describe('own shifts of quantiles', () => {
  it('are those of series that differ from each other for good', () => {
    const shifts = ownShifts(
      errorsOf((series, _, noise) => (series < 15 ? -5 : 5) + noise),
      scales,
      2,
    );
    expect(shifts.size).toBe(30);
    expect(shifts.get('v0')?.[BAND_LEVELS.indexOf(0.5)]).toBeCloseTo(-5, 0);
    expect(shifts.get('v29')?.[BAND_LEVELS.indexOf(0.5)]).toBeCloseTo(5, 0);
  });

  it('are none where a series was different once', () => {
    const burst = errorsOf((series, origin, noise) => (series < 5 && origin > 2 ? 500 : 0) + noise);
    expect(ownShifts(burst, scales, 2).size).toBe(0);
  });

  it('are none where no horizon had ended before the newest origin', () => {
    expect(
      ownShifts(
        errorsOf((series) => series),
        scales,
        ORIGINS,
      ).size,
    ).toBe(0);
  });
});
