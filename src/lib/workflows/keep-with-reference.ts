import {createRandom, type Granularity, type Series} from '../core/index.js';
import {
  fitCalibrated,
  type Forecast,
  forecastModel,
  forecastQuantiles,
  SEASON_STEPS,
} from '../forecasting/index.js';
import {type BoundaryForecast, type HistoryChange, KEPT_LEVELS} from '../monitoring/index.js';
import type {Metric} from '../shadow-store/index.js';
import {type BoundaryForecasts, forecastBoundaries} from './forecast-boundaries.js';
import {keepForecast, type KeptForecastSummary} from './keep-forecast.js';

/** How a forecast is to be kept. */
export interface KeepOrder {
  /** `champion`: what is planned by; `challenger`: what is tried beside it. */
  readonly role: 'champion' | 'challenger';
  readonly tool: string;
  readonly createdAtUs: number;
  /** Told before each change of a file; what it throws stops that. */
  readonly onChange?: ((change: HistoryChange) => void) | undefined;
}

/** A forecast that was made, and what it was made of. */
export interface MadeForecast {
  readonly storePath: string;
  readonly granularity: Granularity;
  readonly metric: Metric;
  readonly model: string;
  readonly modelSha256: string;
  readonly trainedUntilUs: number;
  readonly forecasts: readonly Forecast[];
  readonly panel: readonly Series[];
  readonly horizonSteps: number;
  readonly sums?: BoundaryForecasts | undefined;
  readonly topologyPath?: string | undefined;
  readonly signal: AbortSignal;
}

const REFERENCE = 'seasonal-naive';

/**
 * Keeps a forecast, and beside a champion the seasonal naive from the same origin, fitted and calibrated now: what both are
 * measured by. Throws as `keepForecast` does.
 */
export async function keepWithReference(
  made: MadeForecast,
  {role, ...order}: KeepOrder,
): Promise<readonly KeptForecastSummary[]> {
  const {storePath, granularity, metric, panel, sums} = made;
  const {model, modelSha256, trainedUntilUs, forecasts} = made;
  const about = {storePath, granularity, metric, panel, ...order};
  const kept = await keepForecast({
    ...about,
    ...{role, model, modelSha256, trainedUntilUs, forecasts},
    boundaries: sums && paired(sums, panel),
  });
  if (role !== 'champion') return kept ? [kept] : [];
  const reference = await foreseeNaively(made);
  const keptReference = await keepForecast({
    ...about,
    ...{role: 'reference', model: REFERENCE, modelSha256: REFERENCE, forecasts: reference.forecasts},
    trainedUntilUs: forecasts[0]?.startUs ?? trainedUntilUs,
    boundaries: reference.sums && paired(reference.sums, panel),
  });
  return [kept, keptReference].filter((one) => one !== undefined);
}

async function foreseeNaively(
  made: MadeForecast,
): Promise<{readonly forecasts: readonly Forecast[]; readonly sums?: BoundaryForecasts}> {
  const {panel, granularity, horizonSteps, topologyPath, signal} = made;
  const seasonSteps = SEASON_STEPS[granularity];
  const random = createRandom(REFERENCE);
  const asked = {horizonSteps, levels: KEPT_LEVELS, lowest: 0};
  const {fitted, calibration} = await fitCalibrated(forecastModel(REFERENCE), panel, {
    ...{horizonSteps, seasonSteps, random, signal},
  });
  return {
    forecasts: await forecastQuantiles(fitted, calibration, panel, asked),
    ...(topologyPath !== undefined && {
      sums: await forecastBoundaries(fitted, panel, {...asked, topologyPath, seasonSteps}),
    }),
  };
}

/** Each sum with those of its members that it was made of; one of which nothing is known yet counts as nothing. */
function paired(
  {forecasts, groups}: BoundaryForecasts,
  panel: readonly Series[],
): readonly BoundaryForecast[] {
  const known = new Set(
    panel.filter(({values}) => values.some((value) => !Number.isNaN(value))).map(({id}) => id),
  );
  const groupOf = new Map(groups.map((group) => [group.id, group]));
  return forecasts.map((forecast) => {
    const members = groupOf.get(forecast.id)?.members.filter(({id}) => known.has(id)) ?? [];
    return {forecast, group: {id: forecast.id, members}};
  });
}
