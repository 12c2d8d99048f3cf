import {readText} from '../core/index.js';
import {mergeForecasts} from '../forecasting/index.js';
import {writeForecast} from './write-forecast.js';

/** What was joined. */
export interface MergedForecast {
  readonly out: string;
  readonly files: number;
  readonly volumes: number;
}

/** Joins forecasts of shards into one file. Throws InputError as `mergeForecasts`, TargetError when it cannot be written. */
export async function mergeForecastFiles(files: readonly string[], out: string): Promise<MergedForecast> {
  const parts = await Promise.all(files.map(async (file) => ({file, text: await readText(file)})));
  const {csv, volumes} = mergeForecasts(parts);
  await writeForecast(csv, out);
  return {out, files: files.length, volumes};
}
