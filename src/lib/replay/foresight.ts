import type {Random} from '../core/index.js';
import {
  calibrationWindow,
  type FittedModel,
  type ForecastModel,
  forecastPeaks,
  type OriginMemory,
  type PeakForecast,
} from '../forecasting/index.js';
import {type UsagePanel, visibleBefore} from './usage-panel.js';

export interface ForesightOptions {
  readonly model: ForecastModel;
  /** Steps whose peaks are foreseen. */
  readonly horizonSteps: number;
  /** Candidate seasons, as FitOptions has them. */
  readonly seasonSteps: readonly number[];
  /** The model is fitted again at every so many-th review; 0: only at the first. */
  readonly refitReviews: number;
  /** From one review to the next. */
  readonly reviewSteps: number;
  /** Past origins from which errors are learned, at most. */
  readonly originCount: number;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** Forecasts at review times, in rising order, from what was visible then. */
export interface Foresight {
  peaksAt(step: number): Promise<PeakForecast>;
}

/** Throws what the model's fit throws, e.g. InputError when the history before the first review is too short. */
export function createForesight(panel: Pick<UsagePanel, 'series'>, options: ForesightOptions): Foresight {
  const {model, horizonSteps, seasonSteps, refitReviews, reviewSteps, originCount, random, signal} = options;
  const newMemory = (): OriginMemory => ({everySteps: reviewSteps, origins: new Map()});
  let reviews = 0;
  let fitted: FittedModel | undefined;
  let memory = newMemory();
  return {
    peaksAt: async (step) => {
      const visible = visibleBefore(panel, step);
      if (fitted === undefined || (refitReviews > 0 && reviews % refitReviews === 0)) {
        const fitRandom = random.fork(`fit at review ${reviews}`);
        // As plan does: the end is kept from the model, so that its errors there are honest.
        const {tailSteps} = calibrationWindow(step, horizonSteps);
        fitted = await model.fit(visibleBefore(panel, step - tailSteps), {
          horizonSteps,
          seasonSteps,
          random: fitRandom,
          ...(signal && {signal}),
        });
        memory = newMemory();
      }
      reviews += 1;
      const peakRandom = random.fork('peaks');
      return forecastPeaks(fitted, visible, {
        horizonSteps,
        originCount,
        sampleCount: originCount,
        random: peakRandom,
        memory,
      });
    },
  };
}
