import {formatBytes} from '../lib/core/index.js';
import type {TopologyImport} from '../lib/workflows/import-topology.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

/** The findings as a table, what was made, and what to do next. */
export async function renderTopologyImport(summary: TopologyImport): Promise<string> {
  const table = await renderTable(
    [
      {title: 'severity'},
      {title: 'code'},
      {title: 'at'},
      {title: 'place'},
      {title: 'finding'},
      {title: 'what to do'},
    ],
    summary.findings.map(({severity, code, at, place, message, advice}) => [
      ...[severity, code, at, place, message, advice],
    ]),
  );
  return [...(summary.findings.length === 0 ? [] : [table, '']), ...lines(summary)].join('\n');
}

function lines(summary: TopologyImport): string[] {
  const {source, out, usageOut, placeCount, boundaryCount, volumeCount, capacityBytes} = summary;
  const counts = `${placeCount} places of ${formatBytes(capacityBytes)}, ${boundaryCount} boundaries, ${volumeCount} volumes`;
  const verdict = `${summary.errorCount} errors, ${summary.warningCount} warnings`;
  const told = `${printable(source)}: ${counts}; ${summary.errorCount > 0 ? paint.bad(verdict) : verdict}`;
  const next = [
    ...(out === undefined ? [] : [`next: foreshadow topology check ${printable(out)}`]),
    ...(usageOut === undefined
      ? []
      : [
          `next: foreshadow ingest ${printable(usageOut)}   (${summary.sampleCount} samples of ${summary.sampledAt ?? ''})`,
        ]),
  ];
  return [told, ...next];
}
