import {InputError} from '../../core/index.js';
import type {ActivityRows} from '../../traces/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import type {StoreContents} from '../files/store-contents.js';

/** Numbers of a row after its time, in the order of SERIES_COLUMNS; used bytes and their time are NaN without a sample. */
export interface CopiedRow {
  /** Place of its volume among those that were asked for. */
  readonly position: number;
  readonly startUs: number;
  readonly values: readonly number[];
}

/** Rows of volumes as an ingest hands them over. */
export function activityRowsOf(volumes: readonly string[], rows: readonly CopiedRow[]): ActivityRows {
  const sorted = [...rows].sort(
    (left, right) => left.position - right.position || left.startUs - right.startUs,
  );
  const column = (index: number): Float64Array => Float64Array.from(sorted, ({values}) => values[index] ?? 0);
  return {
    count: sorted.length,
    volumes,
    volumeIndex: Int32Array.from(sorted, ({position}) => position),
    startUs: Float64Array.from(sorted, ({startUs}) => startUs),
    reads: column(0),
    writes: column(1),
    trims: column(2),
    readBytes: column(3),
    writeBytes: column(4),
    footprintGrowthBytes: column(5),
    usedBytes: column(6),
    usedAtUs: column(7),
  };
}

/**
 * Whether a store has a batch already, as it is or merged with others. Throws InputError when it has some of its inputs:
 * what is of them and what is not cannot be told apart any more.
 */
export function isThere({batchId, inputs}: BatchManifest, contents: StoreContents, name: string): boolean {
  const known = inputs.filter(({identitySha256}) => contents.inputs.has(identitySha256));
  if (contents.batchIds.has(batchId) || (inputs.length > 0 && known.length === inputs.length)) return true;
  if (known.length === 0) return false;
  throw new InputError(
    'partly-there',
    `${name} has ${known.length} of the ${inputs.length} inputs of batch ${batchId}, which were merged since`,
    {hints: ['copy into a new store']},
  );
}

/** Throws InputError when the hours that were read do not add up to what the manifest says: damage is not copied. */
export function refuseOtherSums(
  {batchId, totals}: BatchManifest,
  read: Pick<BatchManifest['totals'], 'reads' | 'writes' | 'trims'>,
): void {
  for (const key of ['reads', 'writes', 'trims'] as const) {
    if (read[key] === totals[key]) continue;
    throw new InputError(
      'store-damaged',
      `batch ${batchId} has ${read[key]} ${key}, its manifest says ${totals[key]}; it was not copied`,
      {hints: ['foreshadow store verify']},
    );
  }
}
