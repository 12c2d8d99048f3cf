import {mkdir, mkdtemp, open, readdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';

import {errorText, sum, TargetError, UsageError} from '../core/index.js';
import {
  type Cluster,
  type ClusterSpec,
  createCluster,
  type FilePiece,
  type SynthFormat,
  type Telling,
  TRACE_WRITERS,
  writeCluster,
} from '../synth/index.js';

export interface SynthesizeOptions {
  readonly cluster: Omit<ClusterSpec, 'media' | 'requests'>;
  /** In all, or a mean for each volume that has requests and each hour. */
  readonly requests: {readonly total: number} | {readonly perVolumeHour: number};
  /** Dealt to the volumes in turn. */
  readonly formats: readonly SynthFormat[];
  /** Usage samples of all volumes, also of those with requests. */
  readonly withUsage: boolean;
  /** A folder for topology, truth and traces; or where the one trace goes, piece by piece until it says false. */
  readonly out:
    | {readonly kind: 'folder'; readonly path: string; readonly force: boolean}
    | {readonly kind: 'stream'; readonly write: (bytes: Uint8Array) => Promise<boolean>};
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly rows: number; readonly totalRows: number}) => void;
}

/** What was written. */
export interface SynthSummary {
  readonly out: string;
  readonly files: readonly {
    readonly path: string;
    readonly format: string;
    readonly rows: number;
    readonly sizeBytes: number;
  }[];
  readonly hosts: number;
  readonly volumes: number;
  readonly requests: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly capacityBytes: number;
  /** At the end, all replicas. */
  readonly usedBytes: number;
}

/**
 * Makes the cluster and writes what is told of it. A folder appears when all is written; `truth.csv` in it holds the
 * exact footprints. Throws UsageError for a cluster that cannot be, or a folder that is not empty.
 */
export async function synthesize(options: SynthesizeOptions): Promise<SynthSummary> {
  const {out} = options;
  const cluster = createCluster(specOf(options));
  if (out.kind === 'folder') return writeFolder(cluster, options, out.path, out.force);
  const formats = refuseSeveralFiles(options, cluster);
  const sizes = await writePieces(
    cluster,
    {formats, withUsage: false, withTruth: false},
    options,
    ({bytes}) => out.write(bytes),
  );
  return summarize(cluster, '-', sizes);
}

function specOf({cluster, requests, formats}: SynthesizeOptions): ClusterSpec {
  const media = formats.map((format) =>
    format === 'usage-csv'
      ? {requests: false, trims: true}
      : {requests: true, trims: TRACE_WRITERS[format].trims},
  );
  const traced = Array.from({length: cluster.volumes}, (_, index) => media[index % media.length]).filter(
    (medium) => medium?.requests,
  ).length;
  const total =
    'total' in requests ? requests.total : Math.round(requests.perVolumeHour * traced * cluster.days * 24);
  return {...cluster, media, requests: traced === 0 ? 0 : total};
}

function refuseSeveralFiles(
  {formats, withUsage}: SynthesizeOptions,
  {volumes}: Cluster,
): readonly SynthFormat[] {
  const [format] = formats;
  const isPerVolume = format !== undefined && format !== 'usage-csv' && TRACE_WRITERS[format].perVolume;
  if (formats.length > 1 || withUsage || (isPerVolume && volumes.length > 1)) {
    throw new UsageError('several-files', 'standard output takes one file, and this would be several', {
      hints: ['one --format that names its volumes, such as alibaba', 'a folder: --out DIR'],
    });
  }
  return formats;
}

interface Size {
  readonly path: string;
  readonly format: string;
  rows: number;
  sizeBytes: number;
}

interface Written {
  readonly sizes: readonly Size[];
  readonly usedBytes: Float64Array;
}

async function writePieces(
  cluster: Cluster,
  telling: Telling,
  {signal, onProgress}: SynthesizeOptions,
  write: (piece: FilePiece) => Promise<boolean>,
): Promise<Written> {
  const sizes = new Map<string, Size>();
  const usedBytes = new Float64Array(cluster.volumes.length);
  let rows = 0;
  for (const piece of writeCluster(cluster, telling, usedBytes)) {
    signal.throwIfAborted();
    if (!(await write(piece))) break;
    const size = sizes.get(piece.path) ?? {path: piece.path, format: piece.format, rows: 0, sizeBytes: 0};
    size.rows += piece.rows;
    size.sizeBytes += piece.bytes.length;
    sizes.set(piece.path, size);
    if (piece.format in TRACE_WRITERS) rows += piece.rows;
    onProgress({rows, totalRows: cluster.spec.requests});
  }
  return {sizes: [...sizes.values()], usedBytes};
}

async function writeFolder(
  cluster: Cluster,
  options: SynthesizeOptions,
  folder: string,
  force: boolean,
): Promise<SynthSummary> {
  await refuseFullFolder(folder, force);
  const partial = await attempt(folder, async () => {
    await mkdir(path.dirname(path.resolve(folder)), {recursive: true});
    const made = await mkdtemp(`${path.resolve(folder)}.partial-`);
    await mkdir(path.join(made, 'traces'));
    return made;
  });
  try {
    const telling = {formats: options.formats, withUsage: options.withUsage, withTruth: true};
    const written = await writePieces(cluster, telling, options, async (piece) => {
      await attempt(folder, () => append(path.join(partial, piece.path), piece.bytes));
      return true;
    });
    await attempt(folder, () => moveInto(folder, partial, written.sizes));
    return summarize(cluster, folder, written);
  } finally {
    await rm(partial, {recursive: true, force: true});
  }
}

async function refuseFullFolder(folder: string, force: boolean): Promise<void> {
  if (force) return;
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new UsageError('bad-folder', `cannot write into ${folder}: ${errorText(error)}`, {cause: error});
  });
  if (names.length > 0) {
    throw new UsageError('folder-not-empty', `${folder} is not empty`, {
      hints: ['another --out', '--force, which replaces files of the same names and leaves the others'],
    });
  }
}

// Opened for each piece: a cluster may have more files than a process may hold open.
async function append(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'a');
  try {
    await handle.writeFile(bytes);
  } finally {
    await handle.close();
  }
}

async function moveInto(folder: string, partial: string, files: readonly Size[]): Promise<void> {
  await mkdir(path.join(folder, 'traces'), {recursive: true});
  for (const file of files) await rename(path.join(partial, file.path), path.join(folder, file.path));
}

async function attempt<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new TargetError('cannot-write', `cannot write into ${folder}: ${errorText(error)}`, {cause: error});
  }
}

function summarize(cluster: Cluster, out: string, {sizes, usedBytes}: Written): SynthSummary {
  const {spec, volumes, hostCapacityBytes} = cluster;
  return {
    out,
    files: sizes.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
    hosts: spec.hosts,
    volumes: spec.volumes,
    requests: sum(sizes.filter(({format}) => format in TRACE_WRITERS).map(({rows}) => rows)),
    fromUs: spec.startUs,
    toUs: spec.startUs + spec.days * 86_400 * 1e6,
    capacityBytes: sum(hostCapacityBytes),
    usedBytes: sum(volumes.map(({replicas}, index) => replicas.length * (usedBytes[index] ?? 0))),
  };
}
