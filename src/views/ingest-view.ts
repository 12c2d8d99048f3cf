import {formatBytes, formatDurationSeconds, formatInstantUs} from '../lib/core/index.js';
import {placeOf} from '../lib/traces/index.js';
import type {IngestRequest, IngestResult} from '../lib/workflows/ingest-files.js';
import type {Progress} from './progress.js';
import {printable, renderTable} from './table.js';

const SHOWN_REJECTS = 10;
const LEFT = ['input', 'format', 'from', 'to'];

/** Shows how far an ingest is, with rows and bytes a second; `startedMs` is what performance.now() said at its start. */
export function ingestProgress(
  progress: Progress,
  startedMs: number,
): NonNullable<IngestRequest['onProgress']> {
  return ({name, inputs, inputsDone, sizeBytes, lines, totalBytes}) => {
    const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
    const what = inputs === 1 ? printable(name) : `${inputs} inputs (${inputsDone} done)`;
    const share = totalBytes === undefined ? '' : `${((100 * sizeBytes) / totalBytes).toFixed(0)} % of `;
    const speed = `${(lines / seconds / 1e6).toFixed(2)} M rows/s, ${formatBytes(sizeBytes / seconds)}/s`;
    const leftSeconds =
      totalBytes === undefined ? Number.NaN : (seconds * (totalBytes - sizeBytes)) / sizeBytes;
    const left = Number.isFinite(leftSeconds)
      ? `, ${formatDurationSeconds(Math.ceil(leftSeconds))} left`
      : '';
    progress.update(`${share}${what}, ${speed}${left}`);
  };
}

/** What was read, what was set aside, and what came of it. */
export async function renderIngest(result: IngestResult): Promise<string> {
  const {batchIds, inputs, totals} = result;
  const growth = totals.footprintGrowthBytes;
  const added =
    batchIds.length === 0
      ? ['nothing new']
      : [
          `${totals.rows} rows of ${totals.volumes} volumes in ${totals.minutes} minutes; ` +
            `footprint ${growth < 0 ? '' : '+'}${formatBytes(growth)}; ${batchesText(batchIds)}`,
        ];
  const table = inputs.length === 0 ? [] : [await inputTable(result), ''];
  return [...table, ...rejectedLines(result), ...skippedLines(result), ...added].join('\n');
}

async function inputTable({inputs, totals}: IngestResult): Promise<string> {
  const columns = ['input', 'format', 'rows', 'rejected', 'blank', 'late', 'from', 'to'];
  const rows = inputs.map(({name, format, ...input}) => [name, format, ...numbersOf(input)]);
  const sums = inputs.length > 1 ? [['total', '', ...numbersOf(totals)]] : [];
  return renderTable(
    columns.map((title) => ({title, align: LEFT.includes(title) ? 'left' : 'right'})),
    [...rows, ...sums],
  );
}

type Numbers = Pick<
  IngestResult['totals'],
  'rows' | 'rejectedRows' | 'blankRows' | 'lateRows' | 'firstUs' | 'lastUs'
>;

function numbersOf({rows, rejectedRows, blankRows, lateRows, firstUs, lastUs}: Numbers): readonly string[] {
  const instant = (atUs: number | undefined): string => (atUs === undefined ? '-' : formatInstantUs(atUs));
  return [rows, rejectedRows, blankRows, lateRows].map(String).concat(instant(firstUs), instant(lastUs));
}

function rejectedLines({rejects}: IngestResult): readonly string[] {
  const lines = rejects
    .slice(0, SHOWN_REJECTS)
    .map(
      ({source, line, unit, reason}) =>
        `rejected ${placeOf(printable(source), line, unit)}: ${printable(reason)}`,
    );
  const more = rejects.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more, all kept in the store (--json lists them)`] : lines;
}

function batchesText(batchIds: readonly string[]): string {
  const [only = ''] = batchIds;
  return batchIds.length === 1 ? `batch ${only}` : `${batchIds.length} batches`;
}

function skippedLines({skipped}: IngestResult): readonly string[] {
  return skipped.map(({name, batchId, sameAs, isPart = false}) => {
    if (batchId === undefined)
      return `${printable(name)}: the same as ${printable(sameAs ?? '')}, counted once`;
    const what = isPart ? 'its beginning was already ingested, up to' : 'already ingested in';
    return `${printable(name)}: ${what} batch ${batchId}`;
  });
}
