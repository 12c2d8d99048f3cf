import {formatInstantUs} from '../core/index.js';
import {quoted} from '../forecasting/index.js';
import type {AnomaliesFile} from '../patterns/index.js';

/** One row an anomaly, times in ISO 8601, UTC; an empty cell where nothing is known. */
export function anomaliesCsv(anomalies: AnomaliesFile['anomalies']): string {
  const rows = anomalies.map(
    ({volume, kind, severity, score, startUs, endUs, expected, seen, label, text}) => [
      ...[volume, kind, severity, String(score), formatInstantUs(startUs), formatInstantUs(endUs)],
      ...[expected, seen].map((value) => (value === null ? '' : String(value))),
      ...[label ?? '', text],
    ],
  );
  const head = ['volume', 'kind', 'severity', 'score', 'start', 'end', 'expected', 'seen', 'label', 'text'];
  return `${[head, ...rows].map((row) => row.map(quoted).join(',')).join('\n')}\n`;
}
