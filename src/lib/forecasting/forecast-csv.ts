import {formatInstantUs, US_PER_SECOND} from '../core/index.js';
import type {Forecast} from './model.js';
import {SHARD_COLUMN} from './shard.js';

/**
 * Forecasts as CSV with a header: volume (or boundary), origin (start of the first step foreseen, ISO 8601), step (from 1), time (start
 * of the step), point, one column a level (`q0.9`), and the mark of the shard where it is one (`shardMark`). Numbers are in
 * the metric's unit, exact.
 */
export function forecastCsv(
  forecasts: readonly Forecast[],
  levels: readonly number[],
  shardMark?: string,
  of: 'volume' | 'boundary' = 'volume',
): string {
  const mark = shardMark === undefined ? [] : [shardMark];
  const header = [
    ...[of, 'origin', 'step', 'time', 'point', ...levels.map((level) => `q${level}`)],
    ...(shardMark === undefined ? [] : [SHARD_COLUMN]),
  ];
  const rows = forecasts.flatMap((forecast) => rowsOf(forecast, mark));
  return `${[header.join(','), ...rows].join('\n')}\n`;
}

function rowsOf(
  {id, startUs, stepSeconds, point, quantiles}: Forecast,
  mark: readonly string[],
): readonly string[] {
  const volume = quoted(id);
  const origin = formatInstantUs(startUs);
  return Array.from(point, (value, step) => {
    const time = formatInstantUs(startUs + step * stepSeconds * US_PER_SECOND);
    return [volume, origin, step + 1, time, value, ...quantiles.map((path) => path[step]), ...mark].join(',');
  });
}

/** RFC 4180: in quotes where it must be, with its own quotes doubled. */
export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
