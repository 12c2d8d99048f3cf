import {formatInstantUs, InputError} from '../core/index.js';
import {
  ActivitySums,
  type Committed,
  type IngestedInput,
  type IngestSink,
  type InputOptions,
  type ListedSource,
  openInput,
  type ReadProgress,
  readStream,
  type ReadStream,
  refuseUnusedOptions,
  type RejectedRow,
  RejectLog,
  type StreamEvents,
  type StreamPart,
} from '../traces/index.js';
import {type IngestResult, spanOf} from './ingest-files.js';

export interface StreamRequest extends StreamEvents {
  readonly input: ListedSource['input'];
  readonly options: InputOptions;
  /** More bad rows than this over the whole stream end it; what was committed before stays. */
  readonly maxBadRows: number;
  readonly store: IngestSink;
  /** See IngestRequest. */
  readonly gapUs?: number | undefined;
  readonly source?: string | undefined;
  readonly memoryBytes?: number | undefined;
  readonly sizes?: ReadonlyMap<string, number> | undefined;
  /** Once it is over, the format is told from whatever is there. */
  readonly hurry?: Promise<unknown>;
  readonly onProgress?: (progress: ReadProgress) => void;
  readonly onCommit?: (committed: {readonly batchId: string; readonly rows: number}) => void;
}

/**
 * Reads one input in parts, each a batch of its own that is committed when a tick asks for it, and the last at the end
 * of the input or when it is stopped. What the store has of the input, from its beginning, is not counted again.
 * Throws what reading an input throws; then the message tells what was committed and stays.
 */
export async function ingestStream(request: StreamRequest): Promise<IngestResult> {
  const {store, options, input, maxBadRows} = request;
  const committed = new CommittedParts();
  const opened = await openInput(input, options, request.hurry);
  const sums = new ActivitySums(store, request.memoryBytes);
  try {
    refuseUnusedOptions(options, [opened.format]);
    const stream = await readStream(opened, {
      ticks: request.ticks,
      stop: request.stop,
      lostEvents: request.lostEvents,
      sums,
      gapUs: request.gapUs,
      rejects: new RejectLog(maxBadRows),
      source: request.source,
      known: store.knownContents(),
      commit: async (part) => {
        const provisioned = new Map([...(part.provisioned ?? []), ...(request.sizes ?? [])]);
        const result = await store.commit({...part, provisioned});
        committed.add(part, result);
        request.onCommit?.({batchId: result.batchId, rows: part.inputs[0].rows});
      },
      ...(request.onProgress ? {onProgress: request.onProgress} : {}),
    });
    return committed.result(opened.name, stream);
  } catch (error) {
    throw error instanceof InputError ? committed.explain(error) : error;
  } finally {
    sums.close();
    // What was asked for last may never come: it would be waited for.
    if (request.stop?.aborted !== true) await opened.close();
  }
}

/** The sums of what was committed: a stream may go on for days. */
class CommittedParts {
  private readonly batchIds: string[] = [];
  private readonly rejects: RejectedRow[] = [];
  private readonly volumes = new Set<string>();
  private input: IngestedInput | undefined;
  private minutes = 0;
  private footprintGrowthBytes = 0;

  add({inputs: [input], rows, rejects, growthBytes}: StreamPart, {batchId, minutes}: Committed): void {
    this.batchIds.push(batchId);
    this.rejects.push(...rejects);
    for (const volume of rows.volumes) this.volumes.add(volume);
    this.minutes += minutes;
    this.footprintGrowthBytes += growthBytes;
    this.input = this.input === undefined ? input : joined(this.input, input);
  }

  result(name: string, {lines, remarkLines, remarks, knownBatchId}: ReadStream): IngestResult {
    const {input, batchIds} = this;
    const files = input === undefined ? [] : [{...input, ...spanOf([input]), lines, remarkLines, remarks}];
    return {
      batchIds,
      inputs: files,
      skipped: knownBatchId === undefined ? [] : [{name, batchId: knownBatchId, isPart: input !== undefined}],
      totals: {
        rows: input?.rows ?? 0,
        rejectedRows: this.rejects.length,
        blankRows: input?.blankRows ?? 0,
        lateRows: input?.lateRows ?? 0,
        volumes: this.volumes.size,
        minutes: this.minutes,
        footprintGrowthBytes: this.footprintGrowthBytes,
        ...spanOf(input === undefined ? [] : [input]),
      },
      rejects: this.rejects,
    };
  }

  /** The same error, with what is in the store all the same. */
  explain(error: InputError): InputError {
    if (this.input === undefined) return error;
    const {code, message, hints, diagnostics} = error;
    const stays = `${this.batchIds.length} batches with rows up to ${formatInstantUs(this.input.lastUs)} were committed before and stay`;
    const plain = message.replace(/; nothing was written$/, '');
    return new InputError(code, `${plain}; ${stays}`, {hints, diagnostics, cause: error});
  }
}

function lostTogether(before: IngestedInput, part: IngestedInput): Pick<IngestedInput, 'lostEvents'> {
  const lostEvents = (before.lostEvents ?? 0) + (part.lostEvents ?? 0);
  return lostEvents === 0 ? {} : {lostEvents};
}

function joined(before: IngestedInput, part: IngestedInput): IngestedInput {
  return {
    ...part,
    sizeBytes: before.sizeBytes + part.sizeBytes,
    rows: before.rows + part.rows,
    rejectedRows: before.rejectedRows + part.rejectedRows,
    blankRows: before.blankRows + part.blankRows,
    lateRows: before.lateRows + part.lateRows,
    ...lostTogether(before, part),
    firstUs: Math.min(before.firstUs, part.firstUs),
    lastUs: Math.max(before.lastUs, part.lastUs),
  };
}
