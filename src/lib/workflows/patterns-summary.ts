import type {Granularity} from '../core/index.js';
import type {DaysToFull, Season, SeasonWords, Trend, UnseenSeason} from '../patterns/index.js';
import type {Metric} from '../shadow-store/index.js';

/** What patterns are of. */
export type SubjectKind = 'volume' | 'host' | 'boundary' | 'fleet';

/** What was found of one volume, of the replicas on a host or in a boundary, or of all volumes together. */
export interface SubjectPatterns {
  readonly subject: SubjectKind;
  readonly id: string;
  /** The last known value, in the metric's unit. */
  readonly last: number | null;
  readonly seasons: readonly (Season & {readonly words: SeasonWords})[];
  readonly notYetSeen: readonly UnseenSeason[];
  /** Null when less than a week is known. */
  readonly trend: Trend | null;
  /** What used bytes can grow to: the size of a volume, or the fill limit of the hosts' capacity less what else is on them. */
  readonly roomBytes?: number;
  /** Of used bytes, where the room and the trend are known. */
  readonly full?: DaysToFull;
  /** Means of the history in 60 parts, for a picture; null where nothing is known. */
  readonly course: readonly (number | null)[];
}

export interface PatternsSummary {
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly timeZone: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly subjects: readonly SubjectPatterns[];
  /** What will be full, the soonest first: by the earliest day that the interval of the growth allows. */
  readonly fullRanking: readonly {
    readonly subject: SubjectKind;
    readonly id: string;
    readonly full: DaysToFull;
  }[];
  readonly csv?: string;
  readonly plot?: string;
}
