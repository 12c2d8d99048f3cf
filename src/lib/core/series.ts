/**
 * A regular time series: value i belongs to the step that starts at `startUs + i * stepSeconds * 1e6`.
 * NaN marks a step for which nothing is known.
 */
export interface Series {
  readonly id: string;
  readonly startUs: number;
  readonly stepSeconds: number;
  readonly values: Float64Array;
  /** What the values cannot exceed, such as the provisioned size of a volume; absent where nothing tells it. */
  readonly ceiling?: number | undefined;
}

/** The named granularities that people forecast at, in seconds a step. */
export const GRANULARITY_SECONDS = {hourly: 3600, daily: 86_400, weekly: 604_800} as const;
export type Granularity = keyof typeof GRANULARITY_SECONDS;
