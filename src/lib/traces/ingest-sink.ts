import type {ContentMark, IngestBatch} from './activity.js';
import type {FootprintBitmap} from './footprint.js';

/** Content that a store holds. */
export interface KnownContent extends ContentMark {
  readonly identitySha256: string;
  readonly batchId: string;
}

/** What became of a batch. */
export interface Committed {
  readonly batchId: string;
  /** (volume, minute) rows that were added. */
  readonly minutes: number;
}

/** What an ingest needs of the store that it writes to: what is already there, and a way to add one batch. */
export interface IngestSink {
  /** Id of the batch that holds an input, by the input's `identitySha256`. */
  knownInputs(): ReadonlyMap<string, string>;
  /** Id of the batch that holds an input, by the input's `rawKeySha256`: known before it is parsed. */
  knownRawSha(): ReadonlyMap<string, string>;
  /** The content of the inputs so far, as far as it is known where it ended. */
  knownContents(): readonly KnownContent[];
  /** The saved footprint of a volume as a private copy that the caller may change; undefined for a new volume. */
  loadFootprint(volume: string): FootprintBitmap | undefined;
  /** Time of the newest minute that the store has of a volume, epoch us; undefined for a new volume. */
  newestUs(volume: string): number | undefined;
  /** A folder for what does not fit into memory; it need not exist, and is gone when the store is closed. */
  readonly scratchFolder: string;
  /** Adds everything of one ingest, wholly or not at all. */
  commit(batch: IngestBatch): Promise<Committed>;
}
