import {formatDurationRoughly, formatInstantUs, US_PER_SECOND} from '../lib/core/index.js';
import type {AnomaliesSummary} from '../lib/workflows/find-anomalies.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

const MOST_ROWS = 40;
const RANK = ['critical', 'major', 'minor'];

/** The gravest first, the newest first among those; events of the fleet; then how many there are. */
export async function renderAnomalies(summary: AnomaliesSummary): Promise<string> {
  const {anomalies, events, volumes, labels, metric, fromUs, toUs, out, csv} = summary;
  const ordered = anomalies.toSorted(
    (left, right) =>
      RANK.indexOf(left.severity) - RANK.indexOf(right.severity) || right.startUs - left.startUs,
  );
  const shown = ordered.slice(0, MOST_ROWS);
  const table =
    shown.length === 0
      ? ''
      : await renderTable(
          ['volume', 'from', 'for', 'severity', 'what'].map((title) => ({title})),
          shown.map(({volume, startUs, endUs, severity, text, label}) => [
            volume,
            formatInstantUs(startUs).slice(0, 16),
            formatDurationRoughly((endUs - startUs) / US_PER_SECOND),
            severity,
            label === undefined ? text : `${text} (labelled: ${label})`,
          ]),
        );
  const hidden = anomalies.length - shown.length;
  const struck = new Set(anomalies.map(({volume}) => volume)).size;
  const span = formatDurationRoughly((toUs - fromUs) / US_PER_SECOND);
  const parts = [
    table,
    hidden > 0 ? `and ${hidden} more; --json or --csv lists them` : '',
    ...events.map(
      ({startUs, text}) => `${paint.strong(formatInstantUs(startUs).slice(0, 16))} of the fleet: ${text}`,
    ),
    `${anomalies.length} anomalies of ${struck} of ${volumes} volumes in ${span}${metric === 'used-bytes' ? ' (of growth by step)' : ''}` +
      (labels === 0 ? '' : `, ${labels} labels honoured`),
    ...[out, csv].flatMap((path) => (path === undefined ? [] : [`wrote ${printable(path)}`])),
  ];
  return parts.filter((part) => part !== '').join('\n');
}
