import {invariant, type Series} from '../core/index.js';
import {forecastQuantiles, type Calibration} from './conformal.js';
import {BAND_LEVELS, type FittedModel} from './model.js';

/** Quantiles at `BAND_LEVELS`, one value a step each. */
export type Band = readonly Float64Array[];

/** A model of the ensemble; one that learns no quantiles has a calibration of its own to make them. */
export interface Member {
  readonly fitted: FittedModel;
  readonly calibration?: Calibration | undefined;
}

/** What a member foresees, one band a history. */
export function bandsOf(
  {fitted, calibration}: Member,
  histories: readonly Series[],
  horizonSteps: number,
): Promise<readonly Band[]> {
  if (fitted.predictBands) return fitted.predictBands(histories, horizonSteps);
  invariant(calibration !== undefined, `${fitted.model} has neither quantiles nor a calibration`);
  const options = {horizonSteps, levels: BAND_LEVELS, lowest: -Infinity};
  return forecastQuantiles(fitted, calibration, histories, options).then((forecasts) =>
    forecasts.map(({quantiles}) => quantiles),
  );
}

/** Level by level and step by step the median of the members' quantiles; of two their mean. */
export function middle(bands: readonly Band[]): Band {
  const [first] = bands;
  if (bands.length === 1 && first) return first;
  const row = new Float64Array(bands.length);
  const half = Math.floor(bands.length / 2);
  return BAND_LEVELS.map((_, level) =>
    (first?.[level] ?? new Float64Array()).map((__, step) => {
      for (const [index, band] of bands.entries()) row[index] = band[level]?.[step] ?? Number.NaN;
      row.sort();
      const upper = row[half] ?? Number.NaN;
      return bands.length % 2 === 1 ? upper : ((row[half - 1] ?? Number.NaN) + upper) / 2;
    }),
  );
}
