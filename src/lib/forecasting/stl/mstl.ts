import {stl} from './stl.js';

/** A series as several seasons, trend and remainder. */
export interface MultipleDecomposition {
  /** One a season length, in the order given; one value a step. */
  readonly seasons: readonly Float64Array[];
  readonly trend: Float64Array;
  /** The values less all seasons. */
  readonly deseasonalised: Float64Array;
}

const ROUNDS = 2;

/**
 * Several seasons by repeated STL (Bandara, Hyndman and Bergmeir 2021, "MSTL", algorithm 1): each season is estimated
 * with the others taken off, the shortest first, twice around. Windows of 11, 15, 19 ... seasons as there. `values`
 * have no gaps and hold two cycles of every season.
 */
export function mstl(values: Float64Array, seasonSteps: readonly number[]): MultipleDecomposition {
  const seasons: Float64Array[] = seasonSteps.map(() => new Float64Array(values.length));
  let trend: Float64Array = new Float64Array(values.length);
  const rest = Float64Array.from(values);
  const rounds = seasonSteps.length > 1 ? ROUNDS : 1;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, steps] of seasonSteps.entries()) {
      const before = seasons[index];
      for (let step = 0; step < rest.length; step += 1)
        rest[step] = (rest[step] ?? 0) + (before?.[step] ?? 0);
      const found = stl(rest, steps, 7 + 4 * (index + 1));
      seasons[index] = found.season;
      trend = found.trend;
      for (let step = 0; step < rest.length; step += 1)
        rest[step] = (rest[step] ?? 0) - (found.season[step] ?? 0);
    }
  }
  return {seasons, trend, deseasonalised: rest};
}

/** The last cycle of every season repeated, added up. */
export function seasonsAhead(
  seasons: readonly Float64Array[],
  seasonSteps: readonly number[],
  horizonSteps: number,
): Float64Array {
  const path = new Float64Array(horizonSteps);
  for (const [index, season] of seasons.entries()) {
    const steps = seasonSteps[index] ?? 1;
    const cycle = season.subarray(-steps);
    for (let step = 0; step < horizonSteps; step += 1)
      path[step] = (path[step] ?? 0) + (cycle[step % steps] ?? 0);
  }
  return path;
}

/**
 * How much of what is not trend is season, 0 to 1: `1 - var(remainder) / var(season + remainder)` (Wang, Smith and
 * Hyndman 2006), by STL with one season.
 */
export function seasonStrength(values: Float64Array, seasonSteps: number): number {
  const {seasons, trend, deseasonalised} = mstl(values, [seasonSteps]);
  const remainder = deseasonalised.map((value, step) => value - (trend[step] ?? 0));
  const both = remainder.map((value, step) => value + (seasons[0]?.[step] ?? 0));
  const all = variance(both);
  return all > 0 ? Math.max(0, 1 - variance(remainder) / all) : 0;
}

function variance(values: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const centre = sum / values.length;
  for (const value of values) squares += (value - centre) ** 2;
  return squares / Math.max(1, values.length - 1);
}
