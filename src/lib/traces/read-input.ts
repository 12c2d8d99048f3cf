import {invariant} from '../core/index.js';
import type {IngestedInput} from './activity.js';
import type {ActivityBuilder} from './aggregation/activity-builder.js';
import {headOf} from './content-trail.js';
import {identitiesOf, type OpenedInput} from './open-input.js';
import {createFeeder} from './reading/create-feeder.js';
import type {RejectLog} from './reading/reject-log.js';
import {createRequestBatch} from './reading/request-batch.js';
import {unitOf} from './reading/trace-format.js';

/** How far the reading of an input has come. */
export interface ReadProgress {
  readonly name: string;
  /** Bytes as they are on disk. */
  readonly sizeBytes: number;
  /** Or records of a binary input, or samples of a document. */
  readonly lines: number;
}

/** An input that was read to its end, with what the store does not keep of it. */
export interface ReadInput {
  readonly input: IngestedInput;
  readonly lines: number;
  /** Headers, protocol, further lines of rows with newlines in them. */
  readonly remarkLines: number;
  /** What people should know about it. */
  readonly remarks: readonly string[];
}

interface Reading {
  readonly builder: ActivityBuilder;
  readonly rejects: RejectLog;
  /** Inputs of one source speak for each other's volumes. */
  readonly source?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/**
 * Reads an opened input to its end and adds its rows up. Throws InputError when it is damaged or has more bad rows
 * than the log of rejects takes.
 */
export async function readInput(opened: OpenedInput, reading: Reading): Promise<ReadInput> {
  const {name, chunks, tally} = opened;
  const {builder, rejects, source} = reading;
  const unit = unitOf(opened.format);
  let rejectedRows = 0;
  const reject = (line: number, reason: string, text: string): void => {
    rejectedRows += 1;
    rejects.add({source: name, line, ...(unit === 'line' ? {} : {unit}), reason, text});
  };
  const batch = createRequestBatch();
  const options = {...opened.formatOptions, indexOfVolume: builder.indexOfVolume};
  const feeder = createFeeder(opened.format, options, {
    batch,
    time: opened.time,
    reject,
    onBatch: () => {
      builder.add(batch, reject, textOf);
    },
  });
  const textOf = (row: number): string => feeder.textOf(row);
  builder.beginInput(unit);
  for await (const chunk of chunks) {
    reading.signal?.throwIfAborted();
    feeder.feed(chunk);
    reading.onProgress?.({name, sizeBytes: tally.sizeBytes, lines: feeder.counts().lines});
  }
  const isTorn = feeder.pendingBytes() !== 0;
  feeder.finish();
  const activity = builder.endInput(reject);
  const {lines, remarkLines, blankRows} = feeder.counts();
  invariant(
    activity.rows + rejectedRows + blankRows + remarkLines === lines,
    `every ${unit} of ${name} is accounted for`,
  );
  return {
    input: {
      name,
      format: opened.meaning.format,
      sizeBytes: tally.sizeBytes,
      ...identitiesOf(opened),
      ...activity,
      coverage: activity.coverage.map((entry) => (source === undefined ? entry : {...entry, source})),
      rejectedRows,
      blankRows,
      mark: {
        bytes: tally.contentBytes,
        ...headOf(opened.formatOptions.firstBytes),
        end: isTorn ? 'torn' : 'settled',
      },
    },
    lines,
    remarkLines,
    remarks: feeder.remarks(),
  };
}
