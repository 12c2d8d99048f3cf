import {formatBytes, formatDurationSeconds, formatInstantUs} from '../lib/core/index.js';
import type {CompactReport, PruneReport, VerifyProgress, VerifyReport} from '../lib/shadow-store/index.js';
import type {CopyReport} from '../lib/workflows/copy-store.js';
import type {Progress} from './progress.js';
import {printable} from './table.js';

const SHOWN_FINDINGS = 100;

/** Shows how far a verification is. */
export function verifyProgress(progress: Progress): (done: VerifyProgress) => void {
  return ({stage, done, total}) => {
    const text = stage === 'files' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
    progress.update(`${stage} ${text}`);
  };
}

/** Shows how far a merge of batches is. */
export function mergeProgress(
  progress: Progress,
): (done: {readonly done: number; readonly total: number}) => void {
  return ({done, total}) => {
    progress.update(`bucket ${done + 1} of ${total}`);
  };
}

/** Every fault with its file and what to do, then what was looked at. */
export function renderVerification({checked, findings, strays, isSound, path}: VerifyReport): string {
  const faults = findings
    .slice(0, SHOWN_FINDINGS)
    .flatMap(({code, at, message, advice}) => [
      `${code} ${printable(at)}: ${printable(message)}`,
      `  ${advice}`,
    ]);
  const more = findings.length - SHOWN_FINDINGS;
  const {batches, files, bytes, rows, footprints} = checked;
  return [
    ...faults,
    ...(more > 0 ? [`and ${more} more (--json lists them)`] : []),
    ...strayLines(strays),
    `checked ${batches} batches: ${files} files of ${formatBytes(bytes)}, ${rows} rows, ${footprints} footprints`,
    isSound
      ? `${printable(path)} is sound`
      : `${printable(path)} is damaged: ${findings.length} ${findings.length === 1 ? 'fault' : 'faults'}`,
  ].join('\n');
}

/** Files of replaced batches are many and expected: only their number is told. */
function strayLines(strays: VerifyReport['strays']): readonly string[] {
  const others = strays.filter(({why}) => why !== 'its batch was replaced');
  const old = strays.length - others.length;
  return [
    ...others.map(({path, why}) => `no fault ${printable(path)}: ${why}`),
    ...(old > 0 ? [`no fault: ${old} files of replaced batches stay for readers for a while`] : []),
  ];
}

/** What compacting changed. */
export function renderCompaction(report: CompactReport, keepOldSeconds: number): string {
  const {batchesBefore, batchesAfter, merged, filesBefore, filesAfter, bytesBefore, bytesAfter} = report;
  if (merged === 0) return `nothing to merge: ${batchesBefore} batches in ${filesBefore} files`;
  return [
    `merged ${merged} batches: ${batchesBefore} batches in ${filesBefore} files (${formatBytes(bytesBefore)}) are now ` +
      `${batchesAfter} in ${filesAfter} (${formatBytes(bytesAfter)})`,
    oldFiles(keepOldSeconds),
  ].join('\n');
}

/** What pruning removed, or would remove. */
export function renderPruning(report: PruneReport, keepOldSeconds: number): string {
  const {beforeUs, removed, volumes, batches, bytesBefore, bytesAfter} = report;
  const rows = removed.map(
    ({granularity, rows: count}) => `${count} rows of ${formatDurationSeconds(granularity)}`,
  );
  const what = `${rows.join(' and ')} of ${volumes} volumes that start before ${formatInstantUs(beforeUs)}`;
  if (batches === 0) return `nothing to remove before ${formatInstantUs(beforeUs)}`;
  if (bytesAfter === undefined) return `would remove ${what}; ${batches} batches would become one`;
  return [
    `removed ${what}`,
    `series ${formatBytes(bytesBefore)} before, ${formatBytes(bytesAfter)} now; ${batches} batches became one`,
    oldFiles(keepOldSeconds),
  ].join('\n');
}

function oldFiles(keepOldSeconds: number): string {
  return `the old files stay for readers; the first writer after ${formatDurationSeconds(keepOldSeconds)} removes them`;
}

/** What `store copy` says. */
export function renderCopy({to, batches, copied, alreadyThere}: CopyReport): string {
  const there = alreadyThere === 0 ? '' : `, ${alreadyThere} were there already`;
  return `${copied} of ${batches} batches copied to ${printable(to)}${there}`;
}
