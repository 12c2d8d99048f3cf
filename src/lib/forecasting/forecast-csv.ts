import {formatInstantUs, US_PER_SECOND} from '../core/index.js';
import type {Forecast} from './model.js';

/**
 * Forecasts as CSV with a header: volume, origin (start of the first step foreseen, ISO 8601), step (from 1), time (start
 * of the step), point, one column a level (`q0.9`). Numbers are in the metric's unit, exact.
 */
export function forecastCsv(forecasts: readonly Forecast[], levels: readonly number[]): string {
  const header = ['volume', 'origin', 'step', 'time', 'point', ...levels.map((level) => `q${level}`)].join(
    ',',
  );
  return `${[header, ...forecasts.flatMap(rowsOf)].join('\n')}\n`;
}

function rowsOf({id, startUs, stepSeconds, point, quantiles}: Forecast): readonly string[] {
  const volume = quoted(id);
  const origin = formatInstantUs(startUs);
  return Array.from(point, (value, step) => {
    const time = formatInstantUs(startUs + step * stepSeconds * US_PER_SECOND);
    return [volume, origin, step + 1, time, value, ...quantiles.map((path) => path[step])].join(',');
  });
}

/** RFC 4180: in quotes where it must be, with its own quotes doubled. */
export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
