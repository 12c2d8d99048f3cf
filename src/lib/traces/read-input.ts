import type {PlaceUnit} from './activity.js';
import type {ActivitySums} from './aggregation/activity-sums.js';
import {DEFAULT_GAP_US} from './aggregation/log-coverage.js';
import {createInputReading, type InputReading, type InputTold, type ReadInput} from './input-reading.js';
import type {OpenedInput} from './open-input.js';
import type {RejectRow} from './reading/check-row.js';
import type {RejectLog} from './reading/reject-log.js';
import {unitOf} from './reading/trace-format.js';

/** How far the reading of inputs has come, over all of them. */
export interface ReadProgress {
  /** The one that was read on. */
  readonly name: string;
  readonly inputs: number;
  readonly inputsDone: number;
  /** Bytes read, as they are on disk. */
  readonly sizeBytes: number;
  /** Or records of a binary input, or samples of a document. */
  readonly lines: number;
}

/** What the rows of inputs become. */
export interface Reading {
  readonly sums: ActivitySums;
  readonly rejects: RejectLog;
  /** See CoverageTally; 15 minutes by default. */
  readonly gapUs?: number | undefined;
  /** Inputs of one source speak for each other's volumes. */
  readonly source?: string | undefined;
}

/** An input whose rows are added up while it is read. */
export interface InputReader extends Pick<InputReading, 'lines' | 'sizeBytes'> {
  readonly name: string;
  /** Time of the row that was added up last, epoch us; -Infinity before the first. */
  readonly atUs: number;
  readonly skewUs: number;
  /** Adds up the next rows; false at the end. Throws InputError when the input is damaged or has too many bad rows. */
  next(): Promise<boolean>;
  /** To be asked once, after the end. */
  result(): ReadInput;
  close(): Promise<void>;
}

/** Reads an opened input in this thread. */
export function createInputReader(opened: OpenedInput, reading: Reading): InputReader {
  const {sums, rejects, source, gapUs = DEFAULT_GAP_US} = reading;
  let lateRows = 0;
  let atUs = Number.NEGATIVE_INFINITY;
  const rows = createInputReading(opened, {
    volumes: sums.volumes,
    gapUs,
    take: (batch, from, to) => {
      lateRows += sums.add(batch, from, to);
      atUs = batch.atUs[to - 1] ?? atUs;
    },
    reject: rejectInto(rejects, opened.name, unitOf(opened.format)),
  });
  return {
    name: opened.name,
    skewUs: opened.meaning.skewUs,
    get atUs() {
      return atUs;
    },
    get lines() {
      return rows.lines;
    },
    get sizeBytes() {
      return rows.sizeBytes;
    },
    next: () => rows.next(),
    result: () => resultOf(rows.told(), lateRows, source),
    close: opened.close,
  };
}

/** Puts the bad rows of an input into the log of all. */
export function rejectInto(rejects: RejectLog, source: string, unit: PlaceUnit): RejectRow {
  return (line, reason, text) => {
    rejects.add({source, line, ...(unit === 'line' ? {} : {unit}), reason, text});
  };
}

/** What an input told, with what is known of it here. */
export function resultOf(told: InputTold, lateRows: number, source: string | undefined): ReadInput {
  const {input, ...rest} = told;
  const coverage = (input.coverage ?? []).map((entry) => (source === undefined ? entry : {...entry, source}));
  return {input: {...input, lateRows, coverage}, ...rest};
}
