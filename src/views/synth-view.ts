import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {SynthSummary} from '../lib/workflows/synthesize.js';
import {printable, renderTable} from './table.js';

const MOST_FILES = 12;

/** What synth wrote, and what to do with it next. */
export async function renderSynth(summary: SynthSummary): Promise<string> {
  const {out, files, hosts, volumes, requests, fromUs, toUs, capacityBytes, usedBytes} = summary;
  const table = await renderTable(
    [{title: 'file'}, {title: 'format'}, {title: 'rows', align: 'right'}, {title: 'size', align: 'right'}],
    files
      .slice(0, MOST_FILES)
      .map(({path, format, rows, sizeBytes}) => [path, format, String(rows), formatBytes(sizeBytes)]),
  );
  const more = files.length > MOST_FILES ? [`and ${files.length - MOST_FILES} files more`] : [];
  const fill = ((100 * usedBytes) / capacityBytes).toFixed(1);
  const folder = printable(out);
  return [
    `${hosts} hosts with ${formatBytes(capacityBytes)}, ${fill} % in use; ${volumes} volumes; ${requests} requests`,
    `from ${formatInstantUs(fromUs)} to ${formatInstantUs(toUs)}`,
    '',
    table,
    ...more,
    '',
    `next: foreshadow ingest ${folder}/traces/*`,
    `      foreshadow topology check ${folder}/topology.yaml`,
  ].join('\n');
}
