import {invariant} from '../core/index.js';
import type {IngestedInput} from './activity.js';
import type {ActivityBuilder} from './aggregation/activity-builder.js';
import {identitiesOf, type OpenedInput} from './open-input.js';
import {LineFeeder} from './reading/feed-lines.js';
import type {RejectLog} from './reading/reject-log.js';
import {createRequestBatch} from './reading/request-batch.js';
import {RowParser} from './reading/row-parser.js';

/** How far the reading of an input has come. */
export interface ReadProgress {
  readonly name: string;
  /** Bytes as they are on disk. */
  readonly sizeBytes: number;
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
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/**
 * Reads an opened input to its end and adds its rows up. Throws InputError when it is damaged or has more bad rows
 * than the log of rejects takes.
 */
export async function readInput(opened: OpenedInput, reading: Reading): Promise<ReadInput> {
  const {name, chunks, tally} = opened;
  const {builder, rejects} = reading;
  let rejectedRows = 0;
  const reject = (line: number, reason: string, text: string): void => {
    rejectedRows += 1;
    rejects.add(name, line, reason, text);
  };
  const batch = createRequestBatch();
  const reader = opened.format.open({...opened.formatOptions, indexOfVolume: builder.indexOfVolume});
  const parser = new RowParser(reader, batch, opened.time, reject);
  const textOf = (row: number): string => parser.textOf(row);
  const feeder = new LineFeeder(parser, batch, () => {
    builder.add(batch, reject, textOf);
  });
  builder.beginInput();
  for await (const chunk of chunks) {
    reading.signal?.throwIfAborted();
    feeder.feed(chunk);
    reading.onProgress?.({name, sizeBytes: tally.sizeBytes, lines: parser.lines});
  }
  feeder.finish();
  const activity = builder.endInput(reject);
  const {lines, remarkLines, blankRows} = parser;
  invariant(
    activity.rows + rejectedRows + blankRows + remarkLines === lines,
    `every line of ${name} is accounted for`,
  );
  return {
    input: {
      name,
      format: opened.meaning.format,
      sizeBytes: tally.sizeBytes,
      ...identitiesOf(opened),
      ...activity,
      rejectedRows,
      blankRows,
    },
    lines,
    remarkLines,
    remarks: reader.remarks?.() ?? [],
  };
}
