import type {Series} from '../core/index.js';
import {kindOf, scaleSeason, seasonalScale} from '../forecasting/index.js';
import type {VolumeTraits} from './kept-numbers.js';

/** The traits of a history, by its values up to the origin. */
export function traitsOf({values}: Series, seasonSteps: readonly number[]): VolumeTraits {
  const scale = seasonalScale(values, scaleSeason(values, seasonSteps));
  return {kind: kindOf(values, seasonSteps), scale: Number.isFinite(scale) ? scale : 0};
}
