import {US_PER_SECOND} from '../../core/index.js';
import {type NoveltyScale, StretchNovelty} from './novelty-scale.js';

/**
 * What is looked at: values one by one in fours, and means over longer stretches. Chosen on the Numenta Anomaly Benchmark by
 * leaving out one category after another (docs/patterns.md).
 */
const SCALES: readonly NoveltyScale[] = [
  {blocks: 4, rowsPerBlock: 1},
  {blocks: 16, rowsPerBlock: 4},
  {blocks: 12, rowsPerBlock: 8},
];
/** An alarm: stretches as new as the last are seen once in 10^1.5 = 32, at every scale (geometric mean). */
const ALARM_SURPRISE = 1.5;
/** One event makes one alarm: the scores after it stay below for half a day. */
const REST_US = 43_200 * US_PER_SECOND;

/** Scores from this on are alarms. */
export const ALARM_SCORE = 0.5;

/** What a detector says of one value. */
export interface OnlineScore {
  /** In [0, 1]. From ALARM_SCORE on it is an alarm: no more than one in half a day. */
  readonly score: number;
  /** −log10 of how rare stretches as new as the last are, as a mean over the scales; nothing is held back. */
  readonly surprise: number;
}

/** Watches one stream of values. */
export interface OnlineDetector {
  /** The next value, at a time not before the last one's; NaN where nothing is known, which scores 0. */
  observe(atUs: number, value: number): OnlineScore;
}

/**
 * A detector of anomalies that knows the past only: how new are the last stretches of the series, at three scales, beside all
 * that came before? It scores 0 until about 60 values are known. The same for every series, and for its values in any unit.
 */
export function createOnlineDetector(): OnlineDetector {
  const scales = SCALES.map((scale) => new StretchNovelty(scale));
  let restUntilUs = -Infinity;
  return {
    observe(atUs, value) {
      if (Number.isNaN(value)) return {score: 0, surprise: 0};
      let [sum, ready] = [0, 0];
      for (const scale of scales) {
        sum += scale.push(value);
        if (scale.isReady) ready += 1;
      }
      const surprise = sum / Math.max(1, ready);
      const score = surprise / (surprise + ALARM_SURPRISE);
      if (score < ALARM_SCORE) return {score, surprise};
      if (atUs < restUntilUs) return {score: 0.99 * ALARM_SCORE, surprise};
      restUntilUs = atUs + REST_US;
      return {score, surprise};
    },
  };
}
