/** Which season: those of clocks and calendars by name, and others by their length. */
export type SeasonKind = 'daily' | 'weekly' | 'four-weekly' | 'monthly' | '52-weekly' | 'yearly' | 'other';

/** A season that was found. */
export interface Season {
  readonly kind: SeasonKind;
  /** Mean length. */
  readonly periodSeconds: number;
  /** Whole cycles that were compared. */
  readonly cycles: number;
  /** Share of the variance of the values' ranks, level and drift taken off, that it explains: 0 to 1. */
  readonly strength: number;
  /** How often noise would look as periodic, or more so; corrected for the periods that were looked at. */
  readonly pValue: number;
  /**
   * The course of one cycle in equal slots, as mean normal scores of the ranks: above 0 is busier than usual. Of a day by
   * hours from midnight, of a week from Monday's midnight, of a month by its 31 days; all in local time.
   */
  readonly profile: readonly number[];
  /** For a monthly one: days are counted from the month's end, the last slot is its last day. */
  readonly isFromEnd?: boolean;
  /** What it may be as well: the history is too short to tell. */
  readonly orElse?: SeasonKind;
}

/** A season of clocks and calendars that cannot be seen yet, as two whole cycles are needed. */
export interface UnseenSeason {
  readonly kind: 'daily' | 'weekly' | 'monthly' | 'yearly';
  /** Days of history that are missing. */
  readonly needsDays: number;
}

/** What was found in one series. */
export interface Seasons {
  /** In rising order of length. */
  readonly found: readonly Season[];
  readonly notYetSeen: readonly UnseenSeason[];
}
