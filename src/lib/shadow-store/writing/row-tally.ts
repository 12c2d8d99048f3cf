import {invariant} from '../../core/index.js';
import type {ActivityRows, IngestBatch} from '../../traces/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';

/** The rows `from` to `to` (exclusive) of one volume. */
export interface VolumeSlice {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Where each volume's rows lie. Throws a bug when the rows are not sorted by volume and time, or not unique. */
export function volumeSlices(rows: ActivityRows): readonly VolumeSlice[] {
  const slices: VolumeSlice[] = [];
  const {volumeIndex, startUs} = rows;
  for (let from = 0, row = 1; row <= rows.count; row += 1) {
    const volume = volumeIndex[from] ?? -1;
    const same = row < rows.count && volumeIndex[row] === volume;
    if (same) {
      invariant(
        (startUs[row] ?? 0) > (startUs[row - 1] ?? 0),
        `activity row ${row} is not after the one before`,
      );
      continue;
    }
    const name = rows.volumes[volume];
    invariant(name !== undefined, `activity row ${from} has no volume`);
    invariant(row === rows.count || (volumeIndex[row] ?? -1) > volume, `activity row ${row} is out of order`);
    slices.push({name, from, to: row});
    from = row;
  }
  return slices;
}

/** The rows of a batch, and what is known of their volumes. */
export type WrittenRows = Pick<IngestBatch, 'rows' | 'provisioned' | 'untold'>;

/** What a manifest tells of the rows of its batch. */
export type ToldRows = Pick<BatchManifest, 'volumes' | 'totals'>;

/** Adds up what a manifest tells of rows, while these are written. */
export interface RowTally {
  add(rows: ActivityRows, slices: readonly VolumeSlice[]): void;
  sums(): BatchManifest['totals'];
  told(batch: WrittenRows): ToldRows;
}

export function createRowTally(): RowTally {
  const volumes: BatchManifest['volumes'] = [];
  const totals = {...NO_TOTALS};
  return {
    add: (rows, slices) => {
      volumes.push(...describeVolumes(rows, slices));
      addTotals(totals, rows);
    },
    sums: () => totals,
    told: ({provisioned, untold}) => {
      volumes.sort((left, right) => (left.name < right.name ? -1 : 1));
      const told = volumes.map((volume) => {
        const provisionedBytes = provisioned?.get(volume.name);
        return {
          ...volume,
          ...(provisionedBytes === undefined ? {} : {provisionedBytes}),
          ...(untold?.has(volume.name) === true ? {isFootprintUntold: true as const} : {}),
        };
      });
      return {volumes: told, totals};
    },
  };
}

const NO_TOTALS: BatchManifest['totals'] = {
  reads: 0,
  writes: 0,
  trims: 0,
  readBytes: 0,
  writeBytes: 0,
  footprintGrowthBytes: 0,
  usageSamples: 0,
};

function describeVolumes(rows: ActivityRows, slices: readonly VolumeSlice[]): BatchManifest['volumes'] {
  return slices.map(({name, from, to}) => ({
    name,
    minutes: to - from,
    firstUs: rows.startUs[from] ?? 0,
    lastUs: rows.startUs[to - 1] ?? 0,
  }));
}

function addTotals(totals: BatchManifest['totals'], rows: ActivityRows): void {
  totals.reads += total(rows.reads);
  totals.writes += total(rows.writes);
  totals.trims += total(rows.trims);
  totals.readBytes += total(rows.readBytes);
  totals.writeBytes += total(rows.writeBytes);
  totals.footprintGrowthBytes += total(rows.footprintGrowthBytes);
  totals.usageSamples += rows.usedBytes.reduce((samples, bytes) => samples + (bytes >= 0 ? 1 : 0), 0);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
