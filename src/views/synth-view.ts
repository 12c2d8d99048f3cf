import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import {type SynthSummary} from '../lib/workflows/synthesize.js';
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

/**
 * Writes to standard output. Each write resolves when the reader took the bytes, which may be changed then: true, or
 * false when there is no reader any more.
 */
export function stdoutWriter(): (bytes: Uint8Array) => Promise<boolean> {
  // The write's callback tells it; without a listener the event would end the process.
  process.stdout.on('error', () => undefined);
  return (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (!error) resolve(true);
        else if ('code' in error && error.code === 'EPIPE') resolve(false);
        else reject(error);
      });
    });
}
