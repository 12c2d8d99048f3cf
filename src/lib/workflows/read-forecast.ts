import {parse} from 'csv-parse/sync';

import {errorText, formatInstantUs, InputError, readText} from '../core/index.js';
import type {ForecastPart} from '../forecasting/index.js';
import {readParquet} from '../shadow-store/index.js';

/** Reads what `writeForecast` wrote, CSV or Parquet as the file's name ends. Throws InputError that names the file. */
export async function readForecast(file: string): Promise<ForecastPart> {
  if (file.endsWith('.parquet')) {
    const {columns, rows} = await readParquet(file);
    return {file, rows: [columns, ...rows.map((row) => row.map(cellText))]};
  }
  const text = await readText(file);
  try {
    return {file, rows: parse(text)};
  } catch (error) {
    throw new InputError('not-a-forecast', `${file}: ${errorText(error)}`, {cause: error});
  }
}

/** As in CSV. */
function cellText(value: unknown): string {
  return value instanceof Date ? formatInstantUs(value.getTime() * 1000) : String(value);
}
