import {availableParallelism} from 'node:os';

import {InputError, sum} from '../core/index.js';
import {
  ActivitySums,
  canReadInThreads,
  createInputReader,
  createReadingPool,
  hashFile,
  identifyInput,
  type IngestedInput,
  type IngestSink,
  type InputOptions,
  type ListedSource,
  listSources,
  mergeInputs,
  openInput,
  type OpenedInput,
  type PendingInput,
  type ReadInput,
  type ReadingPool,
  type ReadProgress,
  refuseUnusedOptions,
  type RejectedRow,
  RejectLog,
  type TraceFormat,
} from '../traces/index.js';

export interface IngestRequest {
  /** Files in the order in which they are read; `-` is `stdin`, which is read last. */
  readonly paths: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly options: InputOptions;
  /** More bad rows than this, over all inputs, and nothing is written. */
  readonly maxBadRows: number;
  readonly store: IngestSink;
  /** An input in which no volume has a row for longer than this has a gap; 15 minutes by default. */
  readonly gapUs?: number;
  /** What the inputs are parts of: then they speak for each other's volumes, those of other ingests too. */
  readonly source?: string | undefined;
  /** The same for `-` where nothing is said: the parts of one run of a stream belong together. */
  readonly streamSource?: string;
  /** How many threads read and add up; by default as many as there are cores, or 1 for little. */
  readonly threads?: number | undefined;
  /** Sizes of volumes, by name, which count more than those that inputs tell. */
  readonly sizes?: ReadonlyMap<string, number> | undefined;
  /** What adding up may take; 1 GiB by default. */
  readonly memoryBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ReadProgress & {readonly totalBytes: number | undefined}) => void;
}

/** What became of the inputs. */
export interface IngestResult {
  /** None when nothing new was in any input; a stream, and a file that goes on where the store's copy ended, make batches of their own. */
  readonly batchIds: readonly string[];
  readonly inputs: readonly IngestedFile[];
  readonly skipped: readonly SkippedInput[];
  readonly totals: IngestTotals;
  readonly rejects: readonly RejectedRow[];
}

/** Times of the first and the last row, absent when there is none. */
interface Span {
  readonly firstUs: number | undefined;
  readonly lastUs: number | undefined;
}

/** An input that was read. */
export interface IngestedFile extends Omit<IngestedInput, keyof Span | 'coverage'>, Span {
  readonly lines: number;
  readonly remarkLines: number;
  readonly remarks: readonly string[];
}

/** An input that holds what the store, or an input before it, holds already. */
export interface SkippedInput {
  readonly name: string;
  readonly batchId?: string;
  readonly sameAs?: string;
  /** Whether only its beginning is there already, and the rest was counted. */
  readonly isPart?: boolean;
}

export interface IngestTotals extends Span {
  readonly rows: number;
  readonly rejectedRows: number;
  readonly blankRows: number;
  readonly lateRows: number;
  readonly volumes: number;
  /** Rows of (volume, minute). */
  readonly minutes: number;
  readonly footprintGrowthBytes: number;
}

/** An input that is to be read. */
interface Surveyed {
  readonly source: ListedSource;
  /** No row of it is before this, unless it is late. */
  readonly fromUs: number;
  readonly format: TraceFormat;
  /** Of a stream, which can be read once only. */
  readonly opened: OpenedInput | undefined;
}

/** Less is read before a thread has started. */
const WORTH_THREADS_BYTES = 16 * 2 ** 20;

interface Pass {
  readonly sums: ActivitySums;
  readonly rejects: RejectLog;
  readonly read: readonly ReadInput[];
}

/**
 * Reads traces and usage samples and adds them to a store as one batch: all or nothing. An input that the store holds
 * already, under whatever name and compression, is left out and told. Throws InputError for what cannot be read and
 * for more than `maxBadRows` bad rows, UsageError for options that mean nothing for these inputs; then nothing is
 * written.
 */
export async function ingestFiles(request: IngestRequest): Promise<IngestResult> {
  const sources = await listSources(request.paths, request.stdin);
  const skipped = new Map<ListedSource, SkippedInput>();
  let left = await survey(sources, request, skipped);
  for (;;) {
    const sums = new ActivitySums(request.store, request.memoryBytes);
    try {
      const pass = await readAll(left, request, sums);
      const repeated = repeatedIn(left, pass, request.store);
      if (repeated.size === 0) return await commit(pass, request, skipped);
      refuseAnotherPass(left, repeated);
      for (const [source, known] of repeated) skipped.set(source, known);
      left = left.filter(({source}) => !repeated.has(source));
    } finally {
      sums.close();
    }
  }
}

/** Looks at the beginning of each input, and leaves out those whose bytes are known. */
async function survey(
  sources: readonly ListedSource[],
  request: IngestRequest,
  skipped: Map<ListedSource, SkippedInput>,
): Promise<readonly Surveyed[]> {
  const seen = new Map<string, string>();
  const formats: TraceFormat[] = [];
  const left: Surveyed[] = [];
  for (const source of sources) {
    const opened = await openInput(source.input, request.options);
    formats.push(opened.format);
    const known = await findUnread(source, opened, {sources, seen, store: request.store});
    if (known !== undefined) skipped.set(source, known);
    else left.push(describeSource(source, opened));
    if (source.input.kind === 'file') await opened.close();
  }
  refuseUnusedOptions(request.options, formats);
  return left;
}

function describeSource(source: ListedSource, opened: OpenedInput): Surveyed {
  const {firstUs, meaning} = opened;
  const fromUs = Number.isNaN(firstUs) ? Number.NEGATIVE_INFINITY : firstUs - meaning.skewUs;
  return {source, fromUs, format: opened.format, opened: source.input.kind === 'stream' ? opened : undefined};
}

async function readAll(
  surveyed: readonly Surveyed[],
  request: IngestRequest,
  sums: ActivitySums,
): Promise<Pass> {
  const {signal, onProgress} = request;
  const rejects = new RejectLog(request.maxBadRows);
  const sizes = surveyed.map(({source}) => source.sizeBytes ?? Number.NaN);
  const totalBytes = sizes.some(Number.isNaN) ? undefined : sum(sizes);
  const pool = poolFor(surveyed, request);
  try {
    const read = await mergeInputs(
      surveyed.map((input) => pendingOf(input, request, {sums, rejects, pool})),
      {sums, signal, onProgress: (progress) => onProgress?.({...progress, totalBytes})},
    );
    return {sums, rejects, read};
  } finally {
    await pool?.close();
  }
}

/** Threads beside this one, no more than there are files for. */
function poolFor(surveyed: readonly Surveyed[], request: IngestRequest): ReadingPool | undefined {
  const files = surveyed.filter(({source}) => source.input.kind === 'file');
  const isLittle = sum(files.map(({source}) => source.sizeBytes ?? 0)) < WORTH_THREADS_BYTES;
  const threads = request.threads ?? (isLittle ? 1 : availableParallelism());
  const readers = Math.min(threads - 1, files.length);
  return readers > 0 && canReadInThreads() ? createReadingPool(readers) : undefined;
}

function pendingOf(
  {source: {input}, fromUs, format, opened}: Surveyed,
  {options, gapUs, streamSource, ...request}: IngestRequest,
  {sums, rejects, pool}: Omit<Pass, 'read'> & {readonly pool: ReadingPool | undefined},
): PendingInput {
  const source = request.source ?? (input.kind === 'stream' ? streamSource : undefined);
  const reading = {sums, rejects, gapUs, source};
  return {
    fromUs,
    open: async () => {
      if (pool !== undefined && input.kind === 'file') return pool.open({input, options, format}, reading);
      return createInputReader(opened ?? (await openInput(input, options)), reading);
    },
  };
}

/** Inputs that turned out to be repeated ones when they had been read: then all begins anew without them. */
function repeatedIn(
  surveyed: readonly Surveyed[],
  {read}: Pass,
  store: IngestSink,
): ReadonlyMap<ListedSource, SkippedInput> {
  const seen = new Map<string, string>();
  const repeated = new Map<ListedSource, SkippedInput>();
  surveyed.forEach(({source}, place) => {
    const input = read[place]?.input;
    if (input === undefined) return;
    const {identitySha256, name} = input;
    const known = repetitionOf(name, store.knownInputs().get(identitySha256), seen.get(identitySha256));
    if (known === undefined) seen.set(identitySha256, name);
    else repeated.set(source, known);
  });
  return repeated;
}

/** What a file may repeat. */
interface Known {
  readonly sources: readonly ListedSource[];
  /** Names of the files before it, by key of the raw bytes. */
  readonly seen: Map<string, string>;
  readonly store: IngestSink;
}

/** Whether a file is a repeated one, by its bytes; only looked at when there is something that it could repeat. */
async function findUnread(
  {input, sizeBytes}: ListedSource,
  {meaning}: OpenedInput,
  {sources, seen, store}: Known,
): Promise<SkippedInput | undefined> {
  const known = store.knownRawSha();
  const twins = sources.filter((other) => other.sizeBytes === sizeBytes).length;
  if (input.kind === 'stream' || (known.size === 0 && twins < 2)) return undefined;
  const key = identifyInput(await hashFile(input.path), meaning);
  const repetition = repetitionOf(input.name, known.get(key), seen.get(key));
  if (repetition === undefined) seen.set(key, input.name);
  return repetition;
}

function repetitionOf(
  name: string,
  batchId: string | undefined,
  sameAs: string | undefined,
): SkippedInput | undefined {
  if (batchId !== undefined) return {name, batchId};
  return sameAs === undefined ? undefined : {name, sameAs};
}

/** What can be read once only cannot be read again without what it turned out to be a repetition of. */
function refuseAnotherPass(
  surveyed: readonly Surveyed[],
  repeated: ReadonlyMap<ListedSource, SkippedInput>,
): void {
  const isLost = surveyed.some(({source, opened}) => opened !== undefined && !repeated.has(source));
  const [name] = [...repeated.keys()].map(({input}) => input.name);
  if (!isLost) return;
  throw new InputError('repeated-stream', `${name ?? ''} holds what was read already; nothing was written`, {
    hints: ['leave it out'],
  });
}

async function commit(
  {sums, rejects, read}: Pass,
  {store, paths, signal, sizes}: IngestRequest,
  skipped: ReadonlyMap<ListedSource, SkippedInput>,
): Promise<IngestResult> {
  const {growthBytes, ...summed} = sums.take();
  const filled = read.filter(({input}) => input.rows + input.rejectedRows > 0).map(({input}) => input);
  const sorted = rejects.sorted(paths);
  signal?.throwIfAborted();
  const batch = {inputs: filled, ...summed, rejects: sorted, provisioned: provisionedOf(read, sizes)};
  const committed = filled.length > 0 ? await store.commit(batch) : undefined;
  return {
    batchIds: committed === undefined ? [] : [committed.batchId],
    inputs: read.map(describe),
    skipped: [...skipped.values()],
    totals: {
      rows: sum(read.map(({input}) => input.rows)),
      rejectedRows: sorted.length,
      blankRows: sum(read.map(({input}) => input.blankRows)),
      lateRows: sum(read.map(({input}) => input.lateRows)),
      volumes: summed.rows.volumes.length,
      minutes: committed?.minutes ?? 0,
      footprintGrowthBytes: growthBytes,
      ...spanOf(read.map(({input}) => input)),
    },
    rejects: sorted,
  };
}

/** What the inputs told, the last one in time last, and then what was told of them. */
function provisionedOf(
  read: readonly ReadInput[],
  sizes: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, number> {
  const byTime = [...read].sort((left, right) => left.input.lastUs - right.input.lastUs);
  return new Map([...byTime.flatMap(({provisioned}) => provisioned), ...sizes]);
}

function describe({input, lines, remarkLines, remarks}: ReadInput): IngestedFile {
  return {...input, ...spanOf([input]), lines, remarkLines, remarks};
}

/** From the first to the last row of some inputs. */
export function spanOf(inputs: readonly (Span & {readonly rows: number})[]): Span {
  const filled = inputs.filter(({rows}) => rows > 0);
  if (filled.length === 0) return {firstUs: undefined, lastUs: undefined};
  return {
    firstUs: Math.min(...filled.map(({firstUs = Infinity}) => firstUs)),
    lastUs: Math.max(...filled.map(({lastUs = -Infinity}) => lastUs)),
  };
}
