import type {Cluster} from './create-cluster.js';
import type {RequestBatch} from './request-batch.js';
import {streamCluster} from './stream-requests.js';
import {asciiBytes, createTextBuffer, putBytes, putCode, putNumber, type TextBuffer} from './text-buffer.js';
import {topologyText} from './topology-text.js';
import {MOST_ROW_BYTES, type RowWriter} from './trace-writer.js';
import {TRACE_WRITERS, type TraceWriterName} from './trace-writers.js';

/** A piece of a file; the bytes are good until the next piece is asked for. */
export interface FilePiece {
  /** Relative to the folder of the cluster, with `/`. */
  readonly path: string;
  readonly format: string;
  readonly bytes: Uint8Array;
  /** Requests or samples in it. */
  readonly rows: number;
}

/** What is told of the cluster. */
export interface Telling {
  /** Dealt to the volumes in turn. `usage-csv`: only samples of what the volume uses. */
  readonly formats: readonly SynthFormat[];
  /** Usage samples of the other volumes too. */
  readonly withUsage: boolean;
  /** Topology and truth besides the traces. */
  readonly withTruth: boolean;
}

export type SynthFormat = TraceWriterName | 'usage-csv';

/** The formats by name. */
export const SYNTH_FORMATS: readonly SynthFormat[] = [
  'alibaba',
  'msr',
  'cloudphysics-csv',
  'nbdkit-log',
  'foreshadow-csv',
  'usage-csv',
];

const SHARED_BUFFER_BYTES = 1 << 20;
const OWN_BUFFER_BYTES = 1 << 16;
const COMMA = 44;
const NEWLINE = 10;

interface OpenFile {
  readonly path: string;
  readonly format: string;
  readonly buffer: TextBuffer;
  readonly writer: RowWriter;
  rows: number;
}

/**
 * The cluster's files, piece by piece: `traces/*` in order of time, then `truth.csv` (volume,time_us,used_bytes: the
 * exact footprint at the end of every hour) and `topology.yaml`. `usedBytes`, one replica of each volume, is kept up
 * to date along the way.
 */
export function* writeCluster(
  cluster: Cluster,
  telling: Telling,
  usedBytes: Float64Array,
): Generator<FilePiece, void, undefined> {
  const files = openTraceFiles(cluster, telling);
  const open = [...new Set(files)].filter((file) => file !== undefined);
  const samples = openSampleFiles(cluster, telling);
  for (const {writer, buffer} of open) writer.begin(buffer);
  for (const event of streamCluster(cluster)) {
    if (event.kind === 'requests') yield* writeBatch(event.batch, files);
    else {
      usedBytes.set(event.usedBytes);
      for (const file of samples) yield* writeSamples(file, event.atUs, event.usedBytes);
    }
  }
  for (const file of open) yield* finish(file);
  for (const file of samples) yield pieceOf(file);
  if (telling.withTruth) {
    const bytes = asciiBytes(topologyText(cluster, usedBytes));
    yield {path: 'topology.yaml', format: 'topology', bytes, rows: 0};
  }
}

/** The file of each volume; undefined for those without requests. */
function openTraceFiles({volumes}: Cluster, {formats}: Telling): readonly (OpenFile | undefined)[] {
  const written = volumes.map(({profile, provisionedBytes}) => ({id: profile.id, provisionedBytes}));
  const shared = new Map<string, OpenFile>();
  return written.map((volume, index) => {
    const format = formatOf(formats, index);
    if (format === 'usage-csv') return undefined;
    const {perVolume, open} = TRACE_WRITERS[format];
    const found = shared.get(format);
    if (found !== undefined) return found;
    const name = perVolume ? volume.id : format.replace(/-csv$/, '');
    const file = {
      path: `traces/${name}.${format === 'nbdkit-log' ? 'log' : 'csv'}`,
      format,
      buffer: createTextBuffer(perVolume ? OWN_BUFFER_BYTES : SHARED_BUFFER_BYTES),
      writer: open(perVolume ? [volume] : written),
      rows: 0,
    };
    if (!perVolume) shared.set(format, file);
    return file;
  });
}

function* writeBatch(
  batch: RequestBatch,
  files: readonly (OpenFile | undefined)[],
): Generator<FilePiece, void, undefined> {
  for (let row = 0; row < batch.count; row += 1) {
    const file = files[batch.volume[row] ?? 0];
    if (file === undefined) continue;
    file.writer.row(file.buffer, batch, row);
    file.rows += 1;
    if (file.buffer.length > file.buffer.bytes.length - MOST_ROW_BYTES) yield pieceOf(file);
  }
}

function* finish(file: OpenFile): Generator<FilePiece, void, undefined> {
  let state = file.writer.end(file.buffer);
  while (state === 'more') {
    if (file.buffer.length > file.buffer.bytes.length - MOST_ROW_BYTES) yield pieceOf(file);
    state = file.writer.end(file.buffer);
  }
  yield pieceOf(file);
}

interface SampleFile {
  readonly path: string;
  readonly format: string;
  readonly buffer: TextBuffer;
  /** The volumes in it that were seen in use already; `undefined` for those that are not in it. */
  readonly names: readonly (Uint8Array | undefined)[];
  readonly isLaunched: Uint8Array;
  rows: number;
}

function openSampleFiles(
  {volumes}: Cluster,
  {formats, withUsage, withTruth}: Telling,
): readonly SampleFile[] {
  const open = (path: string, format: string, has: (index: number) => boolean): SampleFile => {
    const names = volumes.map(({profile}, index) => (has(index) ? asciiBytes(`${profile.id},`) : undefined));
    const buffer = createTextBuffer(OWN_BUFFER_BYTES);
    putBytes(buffer, asciiBytes('volume,time_us,used_bytes\n'));
    return {path, format, buffer, names, isLaunched: new Uint8Array(volumes.length), rows: 0};
  };
  const sampled = (index: number): boolean => withUsage || formatOf(formats, index) === 'usage-csv';
  return [
    ...(volumes.some((_, index) => sampled(index)) ? [open('traces/usage.csv', 'usage-csv', sampled)] : []),
    ...(withTruth ? [open('truth.csv', 'truth', () => true)] : []),
  ];
}

function* writeSamples(
  file: SampleFile,
  atUs: number,
  usedBytes: Float64Array,
): Generator<FilePiece, void, undefined> {
  const {buffer, names, isLaunched} = file;
  for (let index = 0; index < usedBytes.length; index += 1) {
    const name = names[index];
    const used = usedBytes[index] ?? 0;
    if (used > 0) isLaunched[index] = 1;
    if (name === undefined || isLaunched[index] === 0) continue;
    putBytes(buffer, name);
    putNumber(buffer, atUs);
    putCode(buffer, COMMA);
    putNumber(buffer, used);
    putCode(buffer, NEWLINE);
    file.rows += 1;
    if (buffer.length > buffer.bytes.length - MOST_ROW_BYTES) yield pieceOf(file);
  }
}

function pieceOf(file: OpenFile | SampleFile): FilePiece {
  const {path, format, buffer, rows} = file;
  const piece = {path, format, bytes: buffer.bytes.subarray(0, buffer.length), rows};
  buffer.length = 0;
  file.rows = 0;
  return piece;
}

function formatOf(formats: readonly SynthFormat[], index: number): SynthFormat {
  return formats[index % formats.length] ?? 'foreshadow-csv';
}
