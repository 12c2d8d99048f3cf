import {InputError, sum} from '../core/index.js';
import {
  ActivityBuilder,
  hashFile,
  identifyInput,
  type IngestedInput,
  type IngestSink,
  type InputOptions,
  type ListedSource,
  listSources,
  openInput,
  type OpenedInput,
  readInput,
  type ReadInput,
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
  readonly signal?: AbortSignal;
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

interface Pass {
  readonly builder: ActivityBuilder;
  readonly rejects: RejectLog;
  readonly read: ReadInput[];
  /** Names of the inputs of this pass, by identity and by key of the raw bytes. */
  readonly seen: Map<string, string>;
  readonly formats: TraceFormat[];
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
  for (;;) {
    const left = sources.filter((source) => !skipped.has(source));
    const pass = await readAll(left, request, skipped);
    if (pass !== undefined) return commit(pass, request, [...skipped.values()]);
  }
}

/** Undefined when an input turned out to be a repeated one after its rows had been counted: then all begins anew. */
async function readAll(
  sources: readonly ListedSource[],
  request: IngestRequest,
  skipped: Map<ListedSource, SkippedInput>,
): Promise<Pass | undefined> {
  const pass: Pass = {
    builder: new ActivityBuilder(request.store, request.options.skewUs, request.gapUs),
    rejects: new RejectLog(request.maxBadRows),
    read: [],
    seen: new Map(),
    formats: [],
  };
  for (const source of sources) {
    const opened = await openInput(source.input, request.options);
    pass.formats.push(opened.format);
    const known = await findUnread(source, opened, sources, request, pass);
    if (known !== undefined) {
      await opened.close();
      skipped.set(source, known);
      continue;
    }
    const read = await readInput(opened, {
      ...pass,
      source: request.source ?? (source.input.kind === 'stream' ? request.streamSource : undefined),
      signal: request.signal,
      onProgress: (progress) => request.onProgress?.({...progress, totalBytes: source.sizeBytes}),
    });
    const {identitySha256, rawKeySha256, name} = read.input;
    const repeated = repetitionOf(
      name,
      request.store.knownInputs().get(identitySha256),
      pass.seen.get(identitySha256),
    );
    if (repeated !== undefined) {
      skipped.set(source, repeated);
      refuseAnotherPass(sources, source);
      return undefined;
    }
    pass.seen.set(identitySha256, name).set(rawKeySha256, name);
    pass.read.push(read);
  }
  return pass;
}

/** Whether a file is a repeated one, by its bytes; only looked at when there is something that it could repeat. */
async function findUnread(
  {input, sizeBytes}: ListedSource,
  {meaning}: OpenedInput,
  sources: readonly ListedSource[],
  {store}: IngestRequest,
  {seen}: Pass,
): Promise<SkippedInput | undefined> {
  const known = store.knownRawSha();
  const twins = sources.filter((other) => other.sizeBytes === sizeBytes).length;
  if (input.kind === 'stream' || (known.size === 0 && twins < 2)) return undefined;
  const key = identifyInput(await hashFile(input.path), meaning);
  return repetitionOf(input.name, known.get(key), seen.get(key));
}

function repetitionOf(
  name: string,
  batchId: string | undefined,
  sameAs: string | undefined,
): SkippedInput | undefined {
  if (batchId !== undefined) return {name, batchId};
  return sameAs === undefined ? undefined : {name, sameAs};
}

/** Streams come last, so that only one that repeats another can spoil a pass that cannot be had again. */
function refuseAnotherPass(sources: readonly ListedSource[], repeated: ListedSource): void {
  const isLost = sources.some((source) => source.input.kind === 'stream' && source !== repeated);
  if (!isLost || repeated.input.kind === 'file') return;
  throw new InputError(
    'repeated-stream',
    `${repeated.input.name} holds what was read already; nothing was written`,
    {
      hints: ['leave it out'],
    },
  );
}

async function commit(
  {builder, rejects, read, formats}: Pass,
  {options, store, paths, signal}: IngestRequest,
  skipped: readonly SkippedInput[],
): Promise<IngestResult> {
  refuseUnusedOptions(options, formats);
  const {rows, footprints} = builder.finish();
  const filled = read.filter(({input}) => input.rows + input.rejectedRows > 0).map(({input}) => input);
  const sorted = rejects.sorted(paths);
  signal?.throwIfAborted();
  const batch = {inputs: filled, rows, rejects: sorted, footprints};
  const batchId = filled.length > 0 ? (await store.commit(batch)).batchId : undefined;
  return {
    batchIds: batchId === undefined ? [] : [batchId],
    inputs: read.map(describe),
    skipped,
    totals: {
      rows: sum(read.map(({input}) => input.rows)),
      rejectedRows: sorted.length,
      blankRows: sum(read.map(({input}) => input.blankRows)),
      lateRows: sum(read.map(({input}) => input.lateRows)),
      volumes: rows.volumes.length,
      minutes: rows.count,
      footprintGrowthBytes: sum(rows.footprintGrowthBytes),
      ...spanOf(read.map(({input}) => input)),
    },
    rejects: sorted,
  };
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
