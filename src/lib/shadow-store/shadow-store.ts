import {type Series} from '../core/index.js';

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

export interface HistoryQuery {
  /** All volumes when absent. */
  readonly volumes?: readonly string[];
  /** Start of the first step, inclusive; the store's first when absent. */
  readonly fromUs?: number;
  /** End, exclusive; the store's last when absent. */
  readonly toUs?: number;
  /** A whole multiple of 60. */
  readonly stepSeconds: number;
}

/** The metrics of a volume that can be forecast. */
export const METRICS = ['used-bytes', 'write-bytes', 'read-bytes', 'writes', 'reads'] as const;
export type Metric = (typeof METRICS)[number];

/** What the reading side of every shadow store offers. All volumes of an answer share one time axis. */
export interface ShadowStore {
  /** Sorted by volume name. Throws InputError for a volume that the store does not know, naming the nearest. */
  readHistory(query: HistoryQuery): Promise<readonly VolumeHistory[]>;
  /** One series a volume. `used-bytes` is a level (see usageLevel), the others are sums a step. */
  readSeries(query: HistoryQuery, metric: Metric): Promise<readonly Series[]>;
  close(): void;
}
