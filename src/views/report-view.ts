import {formatBytes} from '../lib/core/index.js';
import type {ReportOptions, ReportSummary} from '../lib/workflows/write-report.js';
import {fitProgress} from './fit-progress.js';
import type {Progress} from './progress.js';
import {printable} from './table.js';
import {createTimeLeft} from './time-left.js';

/** Where the report is, and what is in it. */
export function renderReportSummary({out, bytes, volumes, parts, absent}: ReportSummary): string {
  return [
    `${printable(out ?? 'report')}: ${formatBytes(bytes)}, ${volumes} volumes; ${parts.join(', ')}`,
    ...(absent.length === 0
      ? []
      : [`not in it: ${absent.join(', ')}; the report says which commands make them`]),
  ].join('\n');
}

/** Which part is worked at, and how long that still takes. */
export function reportProgress(progress: Progress): ReportOptions['onProgress'] {
  const showFit = fitProgress(progress);
  const timeLeft = {patterns: createTimeLeft(), anomalies: createTimeLeft()};
  return (told) => {
    if (told.part === 'forecast') showFit(told.fit);
    else
      progress.update(
        `${told.part}: ${told.done} of ${told.total}${timeLeft[told.part](told.done, told.total)}`,
      );
  };
}
