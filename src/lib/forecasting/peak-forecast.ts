/**
 * What is foreseen of the peaks of many series over a horizon, in the series' unit; the order is the panel's.
 */
export interface PeakForecast {
  /** Median of each series' peak. */
  readonly point: Float64Array;
  /**
   * Joint samples of the peaks: `samples[s][i]`. One s is one possible future of all series together, so that
   * quantiles are taken of sums over series and never summed.
   */
  readonly samples: readonly Float64Array[];
}
