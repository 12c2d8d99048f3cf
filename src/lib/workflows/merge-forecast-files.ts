import {mergeForecasts} from '../forecasting/index.js';
import {readForecast} from './read-forecast.js';
import {writeForecast} from './write-forecast.js';

/** What was joined. */
export interface MergedForecast {
  readonly out: string;
  readonly files: number;
  readonly volumes: number;
}

/** Joins forecasts of shards into one file. Throws InputError as `readForecast` and `mergeForecasts`, TargetError when it cannot be written. */
export async function mergeForecastFiles(files: readonly string[], out: string): Promise<MergedForecast> {
  const parts = await Promise.all(files.map(readForecast));
  const {csv, volumes} = mergeForecasts(parts);
  await writeForecast(csv, out);
  return {out, files: files.length, volumes};
}
