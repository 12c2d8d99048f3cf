import type {Series} from '../core/index.js';
import type {ActivityRows, IngestSink} from '../traces/index.js';
import type {BatchManifest} from './files/batch-manifest.js';

/** What the shadow store holds of one volume, as dense arrays over the same steps (value i: step i after startUs). */
export interface VolumeHistory {
  readonly volume: string;
  readonly startUs: number;
  readonly stepSeconds: number;
  readonly reads: Float64Array;
  readonly writes: Float64Array;
  readonly trims: Float64Array;
  readonly readBytes: Float64Array;
  readonly writeBytes: Float64Array;
  /** Bytes of blocks written for the first time, less blocks trimmed: may be negative. */
  readonly footprintGrowthBytes: Float64Array;
  /** The last usage sample within the step; NaN where none was taken. */
  readonly usedBytes: Float64Array;
}

/**
 * Which volumes, and which whole steps, counted from the epoch: from the one that `fromUs` lies in to the last one
 * that has ended by `toUs`. Steps outside of what the store covers are unknown and not answered, so the answer may be
 * shorter than asked for; without `toUs` its last step may be one that is still running.
 */
export interface HistoryQuery {
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  /** Inclusive; the store's first when absent. */
  readonly fromUs?: number | undefined;
  /** Exclusive; the store's last when absent. */
  readonly toUs?: number | undefined;
  /** A whole multiple of 60. */
  readonly stepSeconds: number;
}

/** A query for series, which says how much of a step must be known. */
export interface SeriesQuery extends HistoryQuery {
  /**
   * Sums of a step of which logs cover a smaller share are NaN; 0, the default: of one that no log covers at all. A
   * step that is covered in part looks like a drop in what is counted.
   */
  readonly leastCoverage?: number;
}

/** What the store knows of a volume without looking into its series. */
export interface StoreVolume {
  readonly name: string;
  /** Start of its first and of its last minute, epoch us. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/** Which stored rows to write to a file: those that start in [fromUs, toUs). */
export interface ExportQuery {
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
  readonly granularity: StoredSeconds;
  readonly format: 'csv' | 'parquet';
}

/** Regular steps to write to a file, with nothing left out. */
export interface StepExportQuery extends HistoryQuery {
  /** The volumes are added up under this name. */
  readonly sumAs?: string | undefined;
  readonly format: 'csv' | 'parquet';
}

/** What the store knows of a volume. */
export interface VolumeInfo extends StoreVolume {
  /** (volume, minute) rows, summed over batches, and the requests that they count. */
  readonly minutes: number;
  readonly requests: number;
  /**
   * Bytes of the blocks that it was seen to write, less trims: what it held before is not in it. Null when nothing tells
   * which blocks were written.
   */
  readonly footprintBytes: number | null;
  /** What it holds at most: the size that it is provisioned with. Null when that was not told. */
  readonly provisionedBytes: number | null;
  /** Share of the time from its first minute to the store's end for which there is a log of it. */
  readonly coverage: number;
}

/** Lengths of the steps that are stored, in seconds. */
export const STORED_SECONDS = [60, 3600] as const;
export type StoredSeconds = (typeof STORED_SECONDS)[number];

/** The metrics of a volume that can be forecast. */
export const METRICS = ['used-bytes', 'write-bytes', 'read-bytes', 'writes', 'reads'] as const;
export type Metric = (typeof METRICS)[number];

/** One ingest. */
export interface BatchInfo {
  readonly sequence: number;
  readonly batchId: string;
  readonly createdAt: string;
  readonly inputs: readonly {readonly name: string; readonly format: string; readonly rows: number}[];
  readonly volumeCount: number;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly lateRows: number;
  /** Events that interceptors say they lost. */
  readonly lostEvents: number;
  readonly bytes: number;
  /** Where the rejected rows are, relative to the store. */
  readonly rejectsFile?: string;
}

/** What is in a store. */
export interface StoreInfo {
  readonly path: string;
  readonly createdAt: string;
  readonly volumeCount: number;
  /** Start of the first minute and end of the last, epoch us; absent in an empty store. */
  readonly firstUs?: number;
  readonly endUs?: number;
  readonly batchCount: number;
  readonly inputCount: number;
  /** Rows of the inputs: requests and usage samples. */
  readonly rows: number;
  readonly rejectedRows: number;
  readonly lateRows: number;
  /** Events that interceptors say they lost. */
  readonly lostEvents: number;
  /** (volume, minute) rows, summed over batches. */
  readonly minutes: number;
  readonly metrics: readonly Metric[];
  readonly granularities: readonly number[];
  readonly bytesOnDisk: {readonly series: number; readonly footprints: number; readonly rejects: number};
  readonly batches: readonly BatchInfo[];
}

/** What the reading side of every shadow store offers. All volumes of an answer share one time axis. */
export interface ShadowStore {
  /** In code-unit order of the names. */
  volumes(): readonly StoreVolume[];
  info(): StoreInfo;
  /** Sorted by volume name. Throws InputError for a volume that the store does not know, naming the nearest. */
  readHistory(query: HistoryQuery): Promise<readonly VolumeHistory[]>;
  /**
   * One series a volume. `used-bytes` is a level (see usageLevel) with the provisioned size as its ceiling, for which the history before `fromUs` counts too,
   * and which is carried on where no log is; the others are sums a step: 0 in a step that logs cover and no row is of,
   * NaN in one that they do not cover. NaN also before the store's first minute of the volume, and where the minutes
   * that the steps need were pruned.
   */
  readSeries(query: SeriesQuery, metric: Metric): Promise<readonly Series[]>;
  /**
   * For each volume the share of each step, 0 to 1, for which the store has a log of its requests or usage samples: no
   * request is not the same as no log. On the same axis as readSeries.
   */
  readCoverage(query: HistoryQuery): Promise<readonly Series[]>;
  /**
   * Writes stored rows, merged over batches and sorted by (volume, start_us), to a new file at `filePath`, wholly or
   * not at all. Throws TargetError when the disk refuses.
   */
  exportTo(filePath: string, query: ExportQuery): Promise<{readonly rows: number}>;
  /**
   * Writes every step of the volumes to a new file, wholly or not at all: its coverage, its sums (none where no log
   * covers it) and the used bytes at its end, as readCoverage and readSeries tell them. Added up over volumes, a value
   * is that of the volumes of which it is known, and the coverage the mean over the volumes that there are by then.
   */
  exportSteps(filePath: string, query: StepExportQuery): Promise<{readonly rows: number}>;
  /** In code-unit order of the names; reads the hours of all series. */
  describeVolumes(): Promise<readonly VolumeInfo[]>;
  close(): void;
}

/** A batch on its way from one store to another. */
export interface CopiedBatch {
  readonly manifest: BatchManifest;
  /** Its rows of some volumes, which come in code-unit order. */
  rowsOf(stored: StoredSeconds, volumes: readonly string[]): Promise<ActivityRows>;
  /** Its file of footprints as far as it is needed, or of rejected rows; undefined when there is none. */
  fileOf(kind: 'footprints' | 'rejects'): Promise<Uint8Array | undefined>;
}

/** A store that is open for being copied: the batches that were complete when it was opened, oldest first. */
export interface CopySource {
  readonly batches: readonly CopiedBatch[];
  close(): void;
}

/** What the writing side of every shadow store offers. */
export interface StoreWriter extends IngestSink {
  /**
   * Adds a batch of another store as it is; false when it is there already. Throws InputError when its rows are not what its
   * manifest says, or when some of its inputs are there.
   */
  adopt(batch: CopiedBatch): Promise<boolean>;
  /** Lets others write. A store that was made for this writer and got no batch is gone again afterwards. */
  close(): Promise<void>;
}
