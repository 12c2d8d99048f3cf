import type {Diagnostic} from '../../core/index.js';
import type {InputTold} from '../input-reading.js';
import type {InputOptions} from '../open-input.js';
import type {InputSource} from '../reading/content.js';
import type {RowColumns} from '../reading/request-batch.js';

/** What the thread that adds up asks of one that reads. `reading` numbers the inputs. */
export type ToWorker =
  | {
      readonly kind: 'read';
      readonly reading: number;
      readonly input: Extract<InputSource, {kind: 'file'}>;
      readonly options: InputOptions;
      readonly gapUs: number;
    }
  /** Rows were added up: their columns may be filled again. */
  | {readonly kind: 'spent'; readonly reading: number; readonly columns: RowColumns}
  | {readonly kind: 'close'; readonly reading: number};

/** What it tells. */
export type FromWorker = {readonly reading: number} & (
  | ({readonly kind: 'rows'} & Stretch)
  | ({readonly kind: 'end'; readonly told: InputTold} & Stretch)
  | {readonly kind: 'failed'; readonly error: PassedError}
);

/** Rows that follow each other, with what was met on the way. */
export interface Stretch {
  readonly columns: RowColumns;
  readonly count: number;
  /** Names of volumes that are new: their numbers go on from those before. */
  readonly newNames: readonly string[];
  readonly rejects: readonly (readonly [line: number, reason: string, text: string])[];
  /** Time of the last row so far. */
  readonly atUs: number;
  /** See InputReading: they may be ahead of the rows. */
  readonly lines: number;
  readonly sizeBytes: number;
}

/** An error as it can be passed between threads: of an InputError what it says, else the stack. */
export type PassedError =
  | {
      readonly kind: 'input';
      readonly code: string;
      readonly message: string;
      readonly hints: readonly string[];
      readonly diagnostics: readonly Diagnostic[];
    }
  | {readonly kind: 'other'; readonly stack: string};

/** The memory of columns, which is handed over instead of copied. */
export function buffersOf({sums, ...columns}: RowColumns): readonly ArrayBuffer[] {
  return [...Object.values(columns), ...Object.values(sums)].flatMap(({buffer}) =>
    buffer instanceof ArrayBuffer ? [buffer] : [],
  );
}
