import {z} from 'zod';

import {
  type ArtifactHeader,
  formatInstantUs,
  type Granularity,
  GRANULARITY_SECONDS,
  parseInstantUs,
} from '../core/index.js';
import {METRICS, type Metric} from '../shadow-store/index.js';

/** Levels whose quantiles are kept: those of the central 50, 80, 90 and 95 %, and the median. */
export const KEPT_LEVELS = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975] as const;

/**
 * What a kept forecast is for: `champion` is planned by, a `challenger` is tried beside it, the `reference` is the seasonal
 * naive that both are measured by.
 */
export const FORECAST_ROLES = ['champion', 'challenger', 'reference'] as const;
export type ForecastRole = (typeof FORECAST_ROLES)[number];

const dataFile = z.strictObject({file: z.string().regex(/^[A-Za-z0-9._-]+$/), sha256: z.string()});

const keptSchema = z.strictObject({
  kind: z.literal('foreshadow.kept-forecast'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  granularity: z.enum(['hourly', 'daily', 'weekly']),
  metric: z.enum(METRICS),
  /** Start of the first step foreseen. */
  origin: z.iso.datetime(),
  horizonSteps: z.int().positive(),
  role: z.enum(FORECAST_ROLES),
  model: z.string().regex(/^[a-z0-9-]+$/),
  modelSha256: z.string(),
  /** End of the history that the model was fitted on. */
  trainedUntil: z.iso.datetime(),
  volumes: z.int().nonnegative(),
  /** Quantiles of volumes and of boundaries (see kept-numbers.ts), and what boundaries are the sums of. */
  data: z.strictObject({volumes: dataFile, boundaries: dataFile.optional(), members: dataFile.optional()}),
});

/** How kept forecasts are told and read (see core/artifact). */
export const KEPT_FORECAST_KIND = {
  kind: 'foreshadow.kept-forecast',
  version: 1,
  schema: keptSchema,
} as const;

/** What is written beside the numbers of a kept forecast. */
export type KeptForecastFile = z.infer<typeof keptSchema> & ArtifactHeader;

/** Which forecasts are scored together. */
export interface MonitoredGroup {
  readonly granularity: Granularity;
  readonly metric: Metric;
}

/** Where a forecast has its place: another one for the same place takes it over, so that no night counts twice. */
export interface KeptPlace extends MonitoredGroup {
  readonly originUs: number;
  readonly role: ForecastRole;
  readonly model: string;
}

/** A forecast in the history. */
export interface KeptForecast extends KeptPlace {
  readonly horizonSteps: number;
  readonly modelSha256: string;
  readonly trainedUntilUs: number;
  readonly data: KeptForecastFile['data'];
}

/** `hourly.used-bytes`: how all names of a group begin. */
export function groupName({granularity, metric}: MonitoredGroup): string {
  return `${granularity}.${metric}`;
}

/** `hourly.used-bytes.20261001T000000Z.champion`, and of a challenger its model too: there may be several. */
export function placeName(place: KeptPlace): string {
  const origin = formatInstantUs(place.originUs).replace(/[-:]/g, '');
  const role = place.role === 'challenger' ? `challenger-${place.model}` : place.role;
  return `${groupName(place)}.${origin}.${role}`;
}

/** What the file says, times as numbers. */
export function keptForecastOf(file: KeptForecastFile): KeptForecast {
  const {granularity, metric, role, model, modelSha256, horizonSteps, data} = file;
  return {
    ...{granularity, metric, role, model, modelSha256, horizonSteps, data},
    originUs: parseInstantUs(file.origin) ?? Number.NaN,
    trainedUntilUs: parseInstantUs(file.trainedUntil) ?? Number.NaN,
  };
}

/** What is scored as one: a day of hours, or a step of a day or a week. */
export const BLOCK_STEPS = {hourly: 24, daily: 1, weekly: 1} as const satisfies Record<Granularity, number>;

/** Steps of a forecast from its origin that are scored together; the last block may be shorter. */
export interface Block {
  readonly block: number;
  readonly fromStep: number;
  /** Exclusive. */
  readonly toStep: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** The blocks of a forecast, rising. */
export function blocksOf({
  granularity,
  originUs,
  horizonSteps,
}: Pick<KeptForecast, 'granularity' | 'originUs' | 'horizonSteps'>): readonly Block[] {
  const [steps, stepUs] = [BLOCK_STEPS[granularity], GRANULARITY_SECONDS[granularity] * 1_000_000];
  return Array.from({length: Math.ceil(horizonSteps / steps)}, (_, block) => {
    const [fromStep, toStep] = [block * steps, Math.min(horizonSteps, (block + 1) * steps)];
    return {block, fromStep, toStep, fromUs: originUs + fromStep * stepUs, toUs: originUs + toStep * stepUs};
  });
}

/** Names of the files that hold the numbers. */
export function dataFilesOf({data}: Pick<KeptForecast, 'data'>): readonly string[] {
  return [data.volumes, data.boundaries, data.members].flatMap((one) =>
    one === undefined ? [] : [one.file],
  );
}
