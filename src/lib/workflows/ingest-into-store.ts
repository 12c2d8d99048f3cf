import {formatInstantUs} from '../core/index.js';
import {openStoreWriter, type StoreWriter} from '../shadow-store/index.js';
import {
  beginsAs,
  hashFile,
  identifyInput,
  type IngestSink,
  type InputOptions,
  type ListedSource,
  listSources,
  openInput,
  readHead,
} from '../traces/index.js';
import {ingestFiles, type IngestRequest, type IngestResult} from './ingest-files.js';
import {ingestStream, type StreamRequest} from './ingest-stream.js';
import {mergeIngests} from './merge-ingests.js';
import {readSizes} from './read-sizes.js';
import {readVolumeNames} from './read-volume-names.js';

type FromStream = Partial<Pick<StreamRequest, 'ticks' | 'hurry' | 'onCommit' | 'lostEvents'>>;

export interface StoreRequest extends Omit<IngestRequest, 'store' | 'sizes'>, FromStream {
  /** A table of the sizes of volumes; see readSizes. */
  readonly sizesPath?: string | undefined;
  /** A table of names of volumes; see readVolumeNames. */
  readonly volumeNamesPath?: string | undefined;
  readonly storePath: string;
  /** See StoreWriterOptions. */
  readonly shard?: string | undefined;
  readonly nowUs: number;
  /** Asked for the time of each part of a stream; nowUs is that of all without it. */
  readonly clockUs?: () => number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** Told what the store had to put right first. */
  readonly onRemark: (text: string) => void;
  /** Ends standard input where it is; what was read of it is committed. */
  readonly stop?: AbortSignal;
}

type SizedRequest = StoreRequest & Pick<IngestRequest, 'sizes'>;

const NEVER: AsyncIterator<unknown> = {next: () => new Promise<never>(() => undefined)};

/**
 * Reads inputs into the shadow store in a folder, which is made when there is none: all files as one batch
 * (`ingestFiles`), but for those that begin with what the store has already, which are batches of their own; then
 * standard input, in parts (`ingestStream`). Throws what opening the store and reading them throws.
 */
export async function ingestIntoStore(request: StoreRequest): Promise<IngestResult> {
  const {storePath: path, shard, nowUs, clockUs, tool, onRemark, signal, memoryBytes} = request;
  const sizes = request.sizesPath === undefined ? undefined : await readSizes(request.sizesPath);
  const options = await withVolumeNames(request);
  const writer = await openStoreWriter({
    ...{path, shard, nowUs, tool, onRemark},
    ...(clockUs ? {clockUs} : {}),
    ...(signal ? {signal} : {}),
    ...(memoryBytes === undefined ? {} : {memoryBytes}),
  });
  try {
    const streamSource = `stream of ${formatInstantUs(nowUs)}`;
    return await ingestAll({...request, options, streamSource, sizes}, writer);
  } finally {
    await writer.close();
  }
}

async function withVolumeNames({options, volumeNamesPath: file}: StoreRequest): Promise<InputOptions> {
  return file === undefined ? options : {...options, volumeNames: await readVolumeNames(file)};
}

async function ingestAll(request: SizedRequest, writer: StoreWriter): Promise<IngestResult> {
  const {paths, stdin, options} = request;
  const sources = await listSources(paths, stdin);
  const isStdin = ({input}: ListedSource): boolean => input.name === '-';
  const results: IngestResult[] = [];
  const whole: string[] = [];
  const continuing: ListedSource[] = [];
  for (const source of sources.filter((one) => !isStdin(one))) {
    if (await goesOn(source, options, writer)) continuing.push(source);
    else whole.push(source.input.name);
  }
  const volumes = new Set<string>();
  const store = noting(writer, volumes);
  if (whole.length > 0) results.push(await ingestFiles({...request, paths: whole, store}));
  for (const source of continuing) results.push(await ingestPart({...request, ticks: NEVER}, source, store));
  const stream = {...request, source: request.source ?? request.streamSource};
  for (const source of sources.filter(isStdin)) results.push(await ingestPart(stream, source, store));
  return mergeIngests(results, volumes.size);
}

/** The same store, with a note of the volumes that are written. */
function noting(store: IngestSink, volumes: Set<string>): IngestSink {
  return {
    ...store,
    commit: (batch) => {
      for (const volume of batch.rows.volumes) volumes.add(volume);
      return store.commit(batch);
    },
  };
}

/** Whether a file begins with what the store has, and has more than that, or is packed, so that it may. */
async function goesOn(
  {input, sizeBytes}: ListedSource,
  options: InputOptions,
  store: IngestSink,
): Promise<boolean> {
  const known = store.knownContents();
  if (input.kind === 'stream' || known.length === 0) return false;
  const head = await readHead(input);
  if (!known.some((one) => beginsAs(one, head))) return false;
  const {meaning, close, tally} = await openInput(input, options);
  await close();
  if (!tally.isPacked) return known.some((one) => beginsAs(one, head) && one.bytes < (sizeBytes ?? 0));
  return !store.knownRawSha().has(identifyInput(await hashFile(input.path), meaning));
}

async function ingestPart(
  request: SizedRequest,
  {input, sizeBytes}: ListedSource,
  store: IngestSink,
): Promise<IngestResult> {
  const {
    options,
    maxBadRows,
    gapUs,
    memoryBytes,
    sizes,
    source,
    ticks = NEVER,
    stop,
    hurry,
    lostEvents,
    onCommit,
    onProgress,
  } = request;
  return ingestStream({
    input,
    options,
    maxBadRows,
    store,
    gapUs,
    memoryBytes,
    sizes,
    source,
    ticks,
    stop,
    lostEvents,
    ...(hurry === undefined ? {} : {hurry}),
    ...(onCommit === undefined ? {} : {onCommit}),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: (progress) => {
            onProgress({...progress, totalBytes: sizeBytes});
          },
        }),
  });
}
