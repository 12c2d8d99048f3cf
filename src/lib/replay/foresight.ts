import type {Random} from '../core/index.js';
import {
  calibrationWindow,
  type FittedModel,
  type ForecastModel,
  forecastPeaks,
  type OriginMemory,
  type PeakForecast,
} from '../forecasting/index.js';
import {suddenGrowth} from '../patterns/index.js';
import {type UsagePanel, visibleBefore} from './usage-panel.js';

export interface ForesightOptions {
  readonly model: ForecastModel;
  /** Steps whose peaks are foreseen. */
  readonly horizonSteps: number;
  /** Candidate seasons, as FitOptions has them. */
  readonly seasonSteps: readonly number[];
  /** The first review. */
  readonly firstStep: number;
  /** The model is fitted again at every so many-th review; 0: only at the first. */
  readonly refitReviews: number;
  /** From one review to the next. */
  readonly reviewSteps: number;
  /** Past origins from which errors are learned, at most. */
  readonly originCount: number;
  readonly random: Random;
  /** Whether sudden growth is a term of its own (see PeakOptions). */
  readonly withSuddenGrowth?: boolean;
  readonly signal?: AbortSignal;
}

/** Forecasts at review times, in rising order, from what was visible then. */
export interface Foresight {
  peaksAt(step: number): Promise<PeakForecast>;
}

/**
 * What is foreseen does not depend on which reviews were asked about before. Throws what the model's fit throws, e.g.
 * InputError when the history before the first review is too short.
 */
export function createForesight(panel: Pick<UsagePanel, 'series'>, options: ForesightOptions): Foresight {
  const {horizonSteps, firstStep, refitReviews, reviewSteps, originCount, random} = options;
  // Each step is judged by the past alone: what lies before a review is what was known then.
  const sudden = options.withSuddenGrowth ? panel.series.map(({values}) => suddenGrowth(values)) : undefined;
  let current:
    {readonly review: number; readonly fitted: FittedModel; readonly memory: OriginMemory} | undefined;
  return {
    peaksAt: async (step) => {
      const review = Math.floor((step - firstStep) / reviewSteps);
      const fitReview = refitReviews > 0 ? review - (review % refitReviews) : 0;
      if (current?.review !== fitReview) {
        const fitted = await fitAt(panel, firstStep + fitReview * reviewSteps, fitReview, options);
        current = {review: fitReview, fitted, memory: {everySteps: reviewSteps, origins: new Map()}};
      }
      return forecastPeaks(current.fitted, visibleBefore(panel, step), {
        horizonSteps,
        originCount,
        sampleCount: originCount,
        random: random.fork('peaks'),
        memory: current.memory,
        sudden,
      });
    },
  };
}

async function fitAt(
  panel: Pick<UsagePanel, 'series'>,
  step: number,
  review: number,
  {model, horizonSteps, seasonSteps, random, signal}: ForesightOptions,
): Promise<FittedModel> {
  // As plan does: the end is kept from the model, so that its errors there are honest.
  const {tailSteps} = calibrationWindow(step, horizonSteps);
  return model.fit(visibleBefore(panel, step - tailSteps), {
    horizonSteps,
    seasonSteps,
    random: random.fork(`fit at review ${review}`),
    ...(signal && {signal}),
  });
}
