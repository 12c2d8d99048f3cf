import {mean, type Series} from '../core/index.js';
import {pinballLoss} from './accuracy.js';
import {fromFirstKnown, scaleSeason, seasonalScale} from './history.js';
import {middle, type Band} from './member-bands.js';
import {BAND_LEVELS} from './model.js';

/** In units of the scale: one series that jumped must not choose for all. */
const MOST_LOSS = 20;

/** What candidates foresaw at one past origin: `bands[candidate][series]`. */
export interface OriginBands {
  readonly histories: readonly Series[];
  readonly bands: readonly (readonly Band[])[];
}

/** Mean pinball losses of one series: in units of its scale, and in its own unit. */
export interface SeriesLoss {
  readonly scaled: number;
  readonly plain: number;
}

/**
 * What the middle of some candidates lost, over all levels and origins: one a series that has a scale and whose outcomes
 * are known, so the same series whatever the candidates.
 */
export function seriesLosses(
  asked: readonly Series[],
  origins: readonly OriginBands[],
  members: readonly number[],
  seasonSteps: readonly number[],
): readonly SeriesLoss[] {
  return asked.flatMap(({values}, index) => {
    const ofOrigins = origins.flatMap(({histories, bands}) => {
      const history = histories[index]?.values ?? new Float64Array();
      const known = fromFirstKnown(history);
      const scale = seasonalScale(known, scaleSeason(known, seasonSteps));
      const band = middle(members.map((member) => bands[member]?.[index] ?? []));
      const plain = bandLoss(band, values.subarray(history.length));
      return scale > 0 && Number.isFinite(plain) ? [{plain, scaled: Math.min(plain / scale, MOST_LOSS)}] : [];
    });
    if (ofOrigins.length === 0) return [];
    return [
      {scaled: mean(ofOrigins.map(({scaled}) => scaled)), plain: mean(ofOrigins.map(({plain}) => plain))},
    ];
  });
}

/**
 * Losses by series whose mean is 1 for the reference: half of what each loses in units of its scale, where all series
 * count the same, and half in their own unit, where large volumes count more, as they do for the space they need.
 */
export function againstReference(
  losses: readonly SeriesLoss[],
  reference: readonly SeriesLoss[],
): Float64Array {
  const scaled = mean(reference.map((loss) => loss.scaled)) || 1;
  const plain = mean(reference.map((loss) => loss.plain)) || 1;
  return Float64Array.from(losses, (loss) => (loss.scaled / scaled + loss.plain / plain) / 2);
}

/** Of the mean difference of paired losses. */
export function standardError(left: Float64Array, right: Float64Array): number {
  const differences = left.map((loss, index) => loss - (right[index] ?? Number.NaN));
  const centre = mean(differences);
  const squares = differences.reduce((total, value) => total + (value - centre) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, differences.length - 1) / Math.max(1, differences.length));
}

function bandLoss(band: Band, after: Float64Array): number {
  let [total, count] = [0, 0];
  const outcome = after.subarray(0, band[0]?.length ?? 0);
  for (const [step, y] of outcome.entries()) {
    if (Number.isNaN(y)) continue;
    for (const [index, path] of band.entries())
      total += 2 * pinballLoss(y, path[step] ?? Number.NaN, BAND_LEVELS[index] ?? 0.5);
    count += band.length;
  }
  return count === 0 ? Number.NaN : total / count;
}
