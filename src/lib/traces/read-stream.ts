import {formatBytes, InputError, invariant} from '../core/index.js';
import type {ContentMark, IngestBatch, IngestedInput, PlaceUnit} from './activity.js';
import type {ActivitySums} from './aggregation/activity-sums.js';
import {type InputActivity, InputRows} from './aggregation/input-rows.js';
import {DEFAULT_GAP_US} from './aggregation/log-coverage.js';
import {numberAs} from './aggregation/volume-numbers.js';
import {ContentTrail} from './content-trail.js';
import {identifyInput} from './input-identity.js';
import type {KnownContent} from './ingest-sink.js';
import type {OpenedInput} from './open-input.js';
import {createFeeder} from './reading/create-feeder.js';
import type {Feeder} from './reading/feeder.js';
import type {ContentChunk} from './reading/feed-lines.js';
import type {RejectLog} from './reading/reject-log.js';
import {createRequestBatch} from './reading/request-batch.js';
import {unitOf} from './reading/trace-format.js';
import type {ReadProgress} from './read-input.js';

/** What else happens while a stream is read. */
export interface StreamEvents {
  /** Each asks for a commit of what was read since the last one. */
  readonly ticks: AsyncIterator<unknown>;
  /** Ends the stream where it is, after its last whole row. */
  readonly stop?: AbortSignal | undefined;
  /** How many events whoever writes the stream says that it lost, so far, beside those that the stream itself tells. */
  readonly lostEvents?: (() => number) | undefined;
}

/** Rows of a stream from one commit to the next. */
export interface StreamPart extends IngestBatch {
  readonly inputs: readonly [IngestedInput];
  readonly growthBytes: number;
}

/** A stream that came to its end. */
export interface ReadStream {
  readonly lines: number;
  readonly remarkLines: number;
  readonly remarks: readonly string[];
  /** The last batch of the store that holds its beginning, if any does. */
  readonly knownBatchId: string | undefined;
}

interface Streaming extends StreamEvents {
  readonly sums: ActivitySums;
  readonly rejects: RejectLog;
  /** See CoverageTally; 15 minutes by default. */
  readonly gapUs?: number | undefined;
  readonly known: readonly KnownContent[];
  /** Inputs of one source speak for each other's volumes. */
  readonly source?: string | undefined;
  /** Adds a part to the store; no byte is read meanwhile. */
  readonly commit: (part: StreamPart) => Promise<void>;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/**
 * Reads an opened stream in parts, one a tick, and the last at its end. Content that the store knows, from the
 * beginning of the stream, is not counted again: parts are held back while the stream may still be such content.
 * Throws InputError when it is damaged, has more bad rows than the log of rejects takes, or ends within what the store
 * has of it; parts that were committed before stay.
 */
export async function readStream(opened: OpenedInput, streaming: Streaming): Promise<ReadStream> {
  const reader = new StreamReader(opened, streaming);
  // The sample is there: a stop does not lose it.
  const sample = await opened.chunks.next();
  if (sample.done !== true) reader.take(sample.value);
  const inbox = createInbox(opened.chunks, streaming);
  inbox.askChunk();
  inbox.askTick();
  for (;;) {
    const event = await inbox.next();
    if (event.kind === 'stop') return reader.stop();
    if (event.kind === 'failure') throw event.error;
    if (event.kind === 'tick') {
      await reader.commitPart();
      inbox.askTick();
    } else if (event.result.done === true) return reader.end();
    else {
      reader.take(event.result.value);
      inbox.askChunk();
    }
  }
}

type StreamEvent =
  | {readonly kind: 'chunk'; readonly result: IteratorResult<ContentChunk, unknown>}
  | {readonly kind: 'failure'; readonly error: unknown}
  | {readonly kind: 'tick'}
  | {readonly kind: 'stop'};

interface Inbox {
  askChunk(): void;
  askTick(): void;
  next(): Promise<StreamEvent>;
}

/** Events in the order in which they come. Racing promises instead would remember every race until the stream ends. */
function createInbox(chunks: OpenedInput['chunks'], {ticks, stop}: StreamEvents): Inbox {
  const events: StreamEvent[] = [];
  let wake = (): void => undefined;
  const put = (event: StreamEvent): void => {
    events.push(event);
    wake();
  };
  const fail = (error: unknown): void => {
    put({kind: 'failure', error});
  };
  const onStop = (): void => {
    put({kind: 'stop'});
  };
  if (stop?.aborted === true) onStop();
  stop?.addEventListener('abort', onStop, {once: true});
  return {
    askChunk: () => {
      chunks.next().then((result) => {
        put({kind: 'chunk', result});
      }, fail);
    },
    askTick: () => {
      ticks.next().then(() => {
        put({kind: 'tick'});
      }, fail);
    },
    next: async () => {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) return event;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

class StreamReader {
  private readonly opened: OpenedInput;
  private readonly streaming: Streaming;
  private readonly unit: PlaceUnit;
  private readonly trail: ContentTrail;
  private readonly rows: InputRows;
  private readonly feeder: Feeder;
  private readonly reject = (line: number, reason: string, text: string): void => {
    const unit = this.unit === 'line' ? {} : {unit: this.unit};
    this.rejectedRows += 1;
    this.streaming.rejects.add({source: this.opened.name, line, ...unit, reason, text});
  };
  /** Where the part that is being read begins. */
  private fromBytes = 0;
  private blankBefore = 0;
  private rowsBefore = 0;
  private rejectedRows = 0;
  private lateRows = 0;
  private lostBefore = 0;
  /** Sizes of volumes that were told so far. */
  private readonly provisioned = new Map<string, number>();
  /** Time of the row that was added up last. */
  private addedUs = Number.NEGATIVE_INFINITY;
  private knownBatchId: string | undefined;
  /** What the store knows of the content so far ends within a row. */
  private torn: KnownContent | undefined;

  constructor(opened: OpenedInput, streaming: Streaming) {
    this.opened = opened;
    this.streaming = streaming;
    this.unit = unitOf(opened.format);
    this.trail = new ContentTrail(streaming.known, (sha256) => identifyInput(sha256, opened.meaning));
    const {sums, gapUs = DEFAULT_GAP_US} = streaming;
    const batch = createRequestBatch();
    this.rows = new InputRows({
      skewUs: opened.meaning.skewUs,
      gapUs,
      unit: this.unit,
      names: sums.volumes.names,
      take: (rows, from, to) => {
        this.lateRows += sums.add(rows, from, to);
        this.addedUs = rows.atUs[to - 1] ?? this.addedUs;
      },
      reject: this.reject,
    });
    sums.openFromUs = () => this.addedUs - opened.meaning.skewUs;
    const options = {
      ...opened.formatOptions,
      indexOfVolume: numberAs(opened.nameOfVolume, sums.volumes.indexOf),
      provisioned: (volume: number, bytes: number) => {
        this.provisioned.set(sums.volumes.names[volume] ?? '', bytes);
      },
    };
    const textOf = (row: number): string => this.feeder.textOf(row);
    this.feeder = createFeeder(opened.format, options, {
      batch,
      time: opened.time,
      reject: this.reject,
      onBatch: () => {
        this.rows.add(batch, textOf);
      },
    });
  }

  /** Reads a chunk, with a stop wherever the store may know the content up to there. */
  take({bytes, start, end}: ContentChunk): void {
    const {trail, feeder} = this;
    let at = start;
    while (at < end) {
      if (this.torn !== undefined) throw this.goesOnWithin(this.torn);
      const known = trail.nextBytes();
      const to = known === undefined ? end : Math.min(end, at + known - trail.seenBytes);
      feeder.feed({bytes, start: at, end: to});
      trail.add(bytes.subarray(at, to), feeder.pendingBytes() ?? 0);
      at = to;
      if (trail.seenBytes === known) this.passKnown();
    }
    const {name, tally} = this.opened;
    const {lines} = feeder.counts();
    this.streaming.onProgress?.({name, inputs: 1, inputsDone: 0, sizeBytes: tally.sizeBytes, lines});
  }

  /** Commits what was read since the last part, unless the store may have it already, or there is nothing in it. */
  async commitPart(): Promise<void> {
    const isClean = this.feeder.pendingBytes() !== undefined;
    if (!isClean || this.trail.nextBytes() !== undefined) return;
    await this.commit(this.trail.markParsed('open', this.fromBytes), this.rows.soFar());
  }

  /** Reads what is left at the end of the content, and commits it. */
  async end(): Promise<ReadStream> {
    const {trail, feeder, opened} = this;
    this.refuseWithin();
    if (this.torn !== undefined) return this.told([]);
    const isTorn = feeder.pendingBytes() !== 0;
    feeder.finish();
    const activity = this.rows.end();
    const {lines, blankRows, remarkLines} = feeder.counts();
    invariant(
      this.rowsBefore + activity.rows + this.rejectedRows + blankRows + remarkLines === lines,
      `every ${this.unit} of ${opened.name} is accounted for`,
    );
    await this.commit(trail.markSeen(isTorn ? 'torn' : 'settled', this.fromBytes), activity);
    return this.told([]);
  }

  /** Ends after the last whole row; a row that is not whole yet is left out. */
  async stop(): Promise<ReadStream> {
    const within = this.trail.partAhead();
    if (within !== undefined)
      return this.told([
        `stopped before byte ${within.bytes}, up to which the store has it: nothing was added`,
      ]);
    const pending = this.feeder.pendingBytes() ?? 0;
    const activity = this.rows.end();
    await this.commit(this.trail.markParsed('settled', this.fromBytes), activity);
    return this.told(pending === 0 ? [] : [`stopped within a ${this.unit}, of which ${pending} bytes came`]);
  }

  private told(more: readonly string[]): ReadStream {
    const {lines, remarkLines} = this.feeder.counts();
    const remarks = [...this.feeder.remarks(), ...more];
    return {lines, remarkLines, remarks, knownBatchId: this.knownBatchId};
  }

  /** What was counted up to here is in the store, if the content up to here is. */
  private passKnown(): void {
    this.feeder.drain();
    const known = this.trail.match();
    if (known === undefined) return;
    const {sums, rejects} = this.streaming;
    if (known.end === 'torn') this.torn = known;
    const {rows} = known.end === 'open' ? this.rows.soFar() : this.rows.end();
    sums.forget();
    rejects.take();
    this.knownBatchId = known.batchId;
    this.beginPart(known.bytes, rows);
  }

  private goesOnWithin({bytes, batchId}: KnownContent): InputError {
    const line = this.feeder.counts().lines + 1;
    return new InputError(
      'torn-line',
      `${this.opened.name}: its first ${formatBytes(bytes)} are in batch ${batchId}, which end within ${this.unit} ${line}: whether that one was counted cannot be told`,
      {hints: [`cut what is known off: tail -n +${line + 1} FILE | foreshadow ingest -`]},
    );
  }

  private refuseWithin(): void {
    const part = this.trail.partAhead();
    if (part === undefined) return;
    throw new InputError(
      'within-known',
      `${this.opened.name} ends at byte ${this.trail.seenBytes}, within what batch ${part.batchId} has of it (bytes ${part.fromBytes ?? 0} to ${part.bytes}): what is new in it cannot be told`,
      {hints: ['give the log from its beginning to its end, as it is now']},
    );
  }

  private async commit(
    {mark, contentSha256}: {readonly mark: ContentMark; readonly contentSha256: string},
    activity: InputActivity,
  ): Promise<void> {
    const {sums, rejects} = this.streaming;
    const kept = rejects.take();
    if (activity.rows + kept.length === 0) return;
    const summed = sums.take();
    const input = this.describe(mark, contentSha256, {
      ...activity,
      rejectedRows: kept.length,
      lateRows: this.lateRows,
    });
    this.beginPart(mark.bytes, activity.rows);
    await this.streaming.commit({
      inputs: [input],
      ...summed,
      rejects: kept,
      provisioned: this.provisioned,
    });
  }

  private describe(
    mark: ContentMark,
    contentSha256: string,
    counted: InputActivity & Pick<IngestedInput, 'rejectedRows' | 'lateRows'>,
  ): IngestedInput {
    const {name, meaning} = this.opened;
    const {source} = this.streaming;
    const lostEvents = this.takeLost();
    const identitySha256 = identifyInput(contentSha256, meaning);
    return {
      name,
      format: meaning.format,
      sizeBytes: mark.bytes - this.fromBytes,
      identitySha256,
      sha256: contentSha256,
      rawKeySha256: identitySha256,
      ...counted,
      coverage: counted.coverage.map((entry) => (source === undefined ? entry : {...entry, source})),
      blankRows: this.feeder.counts().blankRows - this.blankBefore,
      ...(lostEvents > 0 ? {lostEvents} : {}),
      mark,
    };
  }

  /** How many events were lost since it was asked last. */
  private takeLost(): number {
    const lost = (this.feeder.lostEvents?.() ?? 0) + (this.streaming.lostEvents?.() ?? 0);
    const since = lost - this.lostBefore;
    this.lostBefore = lost;
    return since;
  }

  private beginPart(fromBytes: number, rows: number): void {
    this.rows.beginPart();
    this.lateRows = 0;
    this.fromBytes = fromBytes;
    this.rowsBefore += rows;
    this.blankBefore = this.feeder.counts().blankRows;
  }
}
