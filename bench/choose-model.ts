import type {Random, Series} from '../src/lib/core/index.js';
import {type ForecastModel, forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';

/** Models that look at each series alone: quick, and nothing to train. */
const CANDIDATES = ['seasonal-naive', 'ets'];

/**
 * The candidate whose peaks, foreseen at each of the last `windows` windows of these histories from what came before,
 * were least wrong: absolute errors in bytes, summed. Histories that end where scoring begins give the choice nothing of
 * what is scored.
 */
export async function chooseModel(
  histories: readonly Series[],
  windowSteps: number,
  windows: number,
  random: Random,
): Promise<ForecastModel> {
  let best = {model: forecastModel(CANDIDATES[0] ?? ''), errorBytes: Infinity};
  for (const model of CANDIDATES.map(forecastModel)) {
    let errorBytes = 0;
    for (let window = windows; window > 0; window -= 1) {
      const known = histories.map((series) => ({
        ...series,
        values: series.values.subarray(0, series.values.length - window * windowSteps),
      }));
      const fitOptions = {horizonSteps: windowSteps, seasonSteps: SEASON_STEPS.hourly, random};
      const foreseen = await (await model.fit(known, fitOptions)).predict(known, windowSteps);
      for (const [index, {values}] of histories.entries()) {
        const from = known[index]?.values.length ?? 0;
        const peak = Math.max(...values.subarray(from, from + windowSteps));
        errorBytes += Math.abs(peak - Math.max(...(foreseen[index] ?? [0])));
      }
    }
    if (errorBytes < best.errorBytes) best = {model, errorBytes};
  }
  return best.model;
}
