import {z} from 'zod';

import {type ArtifactHeader, parseInstantUs} from '../core/index.js';
import {METRICS} from '../shadow-store/index.js';
import {blocksOf, FORECAST_ROLES, KEPT_LEVELS, type KeptPlace} from './kept-forecast.js';
import type {BlockScores} from './score-block.js';
import {INTERVALS} from './score-sums.js';

const count = z.int().nonnegative();
const amount = z.number();

const sumsSchema = z.strictObject({
  steps: count,
  unknownSteps: count,
  absoluteOutcome: amount,
  error: amount,
  loss: amount,
  inside: z.array(count).length(INTERVALS.length),
  width: z.array(amount).length(INTERVALS.length),
  under: z.array(count).length(KEPT_LEVELS.length),
});

const scoresSchema = z.strictObject({
  kind: z.literal('foreshadow.forecast-scores'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  granularity: z.enum(['hourly', 'daily', 'weekly']),
  metric: z.enum(METRICS),
  origin: z.iso.datetime(),
  horizonSteps: z.int().positive(),
  role: z.enum(FORECAST_ROLES),
  model: z.string(),
  modelSha256: z.string(),
  trainedUntil: z.iso.datetime(),
  /** Of the kept numbers that were scored: scores of others are not gone on with. */
  forecastSha256: z.string(),
  /** Rising; a block is there once, when all its steps had ended. */
  blocks: z.array(
    z.strictObject({
      block: count,
      night: z.strictObject({scaledLoss: amount, scaledBias: amount, volumesSha256: z.string()}),
      scopes: z.array(
        z.strictObject({
          scope: z.enum(['volumes', 'class', 'boundary']),
          name: z.string(),
          series: count,
          sums: sumsSchema,
        }),
      ),
    }),
  ),
});

/** How scores are told and read (see core/artifact). */
export const FORECAST_SCORES_KIND = {
  kind: 'foreshadow.forecast-scores',
  version: 1,
  schema: scoresSchema,
} as const;

/** The scores of one kept forecast as a file. */
export type ForecastScoresFile = z.infer<typeof scoresSchema> & ArtifactHeader;

/** A block that was scored. */
export interface ScoredBlock extends BlockScores {
  readonly block: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** The scores of one kept forecast. */
export interface ScoredForecast extends KeptPlace {
  readonly modelSha256: string;
  readonly trainedUntilUs: number;
  readonly blocks: readonly ScoredBlock[];
}

/** What the file says, times as numbers. */
export function scoredForecastOf(file: ForecastScoresFile): ScoredForecast {
  const {granularity, metric, role, model, modelSha256, horizonSteps} = file;
  const originUs = parseInstantUs(file.origin) ?? Number.NaN;
  const times = new Map(
    blocksOf({granularity, originUs, horizonSteps}).map((block) => [block.block, block] as const),
  );
  return {
    ...{granularity, metric, role, model, modelSha256, originUs},
    trainedUntilUs: parseInstantUs(file.trainedUntil) ?? Number.NaN,
    blocks: file.blocks.flatMap((scored) => {
      const time = times.get(scored.block);
      return time === undefined ? [] : [{...scored, fromUs: time.fromUs, toUs: time.toUs}];
    }),
  };
}
