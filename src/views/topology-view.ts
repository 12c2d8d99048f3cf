import type {TopologyCheck} from '../lib/workflows/check-topology.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

/** The findings as a table, and the counts. */
export async function renderTopologyCheck(check: TopologyCheck): Promise<string> {
  const counts = `${check.hostCount} hosts, ${check.boundaryCount} boundaries, ${check.scenarioCount} scenarios, ${check.volumeCount} volumes`;
  const verdict = `${check.errorCount} errors, ${check.warningCount} warnings`;
  const summary = `${printable(check.source)}: ${counts}; ${check.errorCount > 0 ? paint.bad(verdict) : verdict}`;
  if (check.findings.length === 0) return summary;
  const table = await renderTable(
    [
      {title: 'severity'},
      {title: 'code'},
      {title: 'at'},
      {title: 'place'},
      {title: 'finding'},
      {title: 'what to do'},
    ],
    check.findings.map(({severity, code, about, at, place, message, advice}) => [
      ...[severity, code, `${about} ${at}`, place, message, advice],
    ]),
  );
  return `${table}\n\n${summary}`;
}
