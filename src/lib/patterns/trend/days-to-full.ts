import type {Trend} from './find-trend.js';

/** When a space is full at the growth of the last stretch; null: never, at that growth. In days from the last known value. */
export interface DaysToFull {
  readonly days: number | null;
  /** With the fastest growth that the interval holds. */
  readonly earliest: number | null;
  /** With the slowest; null also when it may shrink: then it is only known not to be full before `earliest`. */
  readonly latest: number | null;
}

/** From the bytes that are still free and the growth of used bytes. All 0 when nothing is free. */
export function daysToFull(freeBytes: number, {perDay, interval}: Trend): DaysToFull {
  const at = (growth: number): number | null => {
    if (freeBytes <= 0) return 0;
    return growth > 0 ? freeBytes / growth : null;
  };
  return {days: at(perDay), earliest: at(interval.high), latest: at(interval.low)};
}
