import type {FootprintImage} from './footprint.js';

/**
 * What inputs say of some volumes, summed per (volume, minute): struct of arrays, sorted by (volume name, startUs),
 * unique. Counts and bytes are whole numbers; growth may be negative (trims).
 */
export interface ActivityRows {
  readonly count: number;
  /** Names that volumeIndex points into, in code-unit order. */
  readonly volumes: readonly string[];
  readonly volumeIndex: Int32Array;
  /** Start of the minute, epoch us. */
  readonly startUs: Float64Array;
  readonly reads: Float64Array;
  readonly writes: Float64Array;
  readonly trims: Float64Array;
  readonly readBytes: Float64Array;
  readonly writeBytes: Float64Array;
  readonly footprintGrowthBytes: Float64Array;
  /** The last usage sample in the minute and its time; NaN where there is none. */
  readonly usedBytes: Float64Array;
  readonly usedAtUs: Float64Array;
}

/** The rows of all volumes, which need not be in memory at the same time. */
export interface BatchRows {
  /** Those that have rows, in code-unit order. */
  readonly volumes: readonly string[];
  /** The rows of some of them, given in the same order. */
  rowsOf(volumes: readonly string[]): ActivityRows;
}

/** What the rows of an input are counted by: lines of a text, records of a binary log, samples of a document. */
export type PlaceUnit = 'line' | 'record' | 'sample';

/** A row that could not be used. Kept, never dropped silently. */
export interface RejectedRow {
  readonly source: string;
  /** Which line, record or sample, counted from 1. */
  readonly line: number;
  /** Absent for lines. */
  readonly unit?: Exclude<PlaceUnit, 'line'>;
  readonly reason: string;
  /** The row itself, at most 500 characters. */
  readonly text: string;
}

/** Where in which input: `trace.csv:7`, or `trace.vscsi, record 7`. */
export function placeOf(source: string, line: number, unit: PlaceUnit = 'line'): string {
  return unit === 'line' ? `${source}:${line}` : `${source}, ${unit} ${line}`;
}

/** For which stretches of time an input speaks for some volumes: no request there is not the same as no log. */
export interface InputCoverage {
  readonly of: 'requests' | 'usage';
  /** Silence up to this long is silence, longer it is a gap in the log. */
  readonly gapUs: number;
  /** Inputs of one source speak for each other's volumes. */
  readonly source?: string;
  /** Sorted, apart by more than gapUs; each from a start to an end (exclusive). */
  readonly spansUs: readonly (readonly [fromUs: number, toUs: number])[];
  readonly volumes: readonly string[];
}

/**
 * Where the content that a batch holds of an input ends, so that the same content, or more of it, is known again. The
 * input's identity is that of the content up to there.
 */
export interface ContentMark {
  /** Of the content after decompression, from its beginning. */
  readonly bytes: number;
  /** SHA-256 of its first bytes: other content is told apart early. */
  readonly headBytes: number;
  readonly headSha256: string;
  /**
   * `open`: a stream went on, and rows whose time was not believed yet are not in the batch; `settled`: they were
   * decided, as at the end of an input; `torn`: the same, within a line.
   */
  readonly end: 'open' | 'settled' | 'torn';
  /** Only of parts of a stream: where the part begins. */
  readonly fromBytes?: number | undefined;
}

/**
 * One file or stream that was read to its end, or a part of a stream. rows + rejectedRows + blankRows = lines (or
 * records, or samples), headers and remarks apart.
 */
export interface IngestedInput {
  /** The path as given, or `-`. */
  readonly name: string;
  readonly format: string;
  readonly sizeBytes: number;
  /** Of the content after decompression together with everything else that decides its meaning (see input-identity). */
  readonly identitySha256: string;
  /** Of the bytes as they are on disk. */
  readonly sha256: string;
  /** Of `sha256` together with the options that decide its meaning: tells a repeated file before it is parsed. */
  readonly rawKeySha256: string;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly blankRows: number;
  /** Rows of a minute before one of which growth was told already (in the store, or beyond what can be put in order). */
  readonly lateRows: number;
  /** Events that its interceptor says it lost; absent when it says nothing of the kind. */
  readonly lostEvents?: number | undefined;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Absent: from the batch's first to its last minute, for all of its volumes. */
  readonly coverage?: readonly InputCoverage[];
  readonly mark?: ContentMark | undefined;
}

/** Everything that one ingest adds to the store; it is there wholly or not at all. */
export interface IngestBatch {
  readonly inputs: readonly IngestedInput[];
  readonly rows: BatchRows;
  readonly rejects: readonly RejectedRow[];
  /** The footprint of every volume that was written or trimmed, as it is after this batch. */
  readonly footprints: ReadonlyMap<string, FootprintImage>;
  /** Sizes of volumes, as far as they are told. */
  readonly provisioned?: ReadonlyMap<string, number>;
  /** Volumes of which the batch has nothing but sums of intervals, which do not tell which blocks were written. */
  readonly untold?: ReadonlySet<string>;
}
