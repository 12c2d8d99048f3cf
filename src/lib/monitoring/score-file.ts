import {z} from 'zod';

import {
  type ArtifactHeader,
  artifactText,
  canonicalJson,
  formatInstantUs,
  parseArtifact,
  parseInstantUs,
  readText,
  sha256Hex,
} from '../core/index.js';
import {METRICS} from '../shadow-store/index.js';
import type {HistoryFiles} from './history-files.js';
import {
  blocksOf,
  FORECAST_ROLES,
  KEPT_LEVELS,
  type KeptForecast,
  type KeptPlace,
  placeName,
} from './kept-forecast.js';
import type {BlockScores, ScopeScores} from './score-block.js';
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

const scopesSchema = z.array(
  z.strictObject({
    scope: z.enum(['volumes', 'class', 'boundary']),
    name: z.string(),
    series: count,
    sums: sumsSchema,
  }),
);

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
      /** All volumes and their classes. */
      scopes: scopesSchema,
    }),
  ),
});

/** Boundaries apart: there may be a thousand, and what is tested night by night does not need them. */
const boundariesSchema = z.strictObject({
  kind: z.literal('foreshadow.boundary-scores'),
  version: z.literal(1),
  forecastSha256: z.string(),
  blocks: z.array(z.strictObject({block: count, scopes: scopesSchema})),
});

/** How scores are told and read (see core/artifact). */
const FORECAST_SCORES_KIND = {
  kind: 'foreshadow.forecast-scores',
  version: 1,
  schema: scoresSchema,
} as const;

type ForecastScoresFile = z.infer<typeof scoresSchema> & ArtifactHeader;

const BOUNDARY_SCORES_KIND = {
  kind: 'foreshadow.boundary-scores',
  version: 1,
  schema: boundariesSchema,
} as const;

type BoundaryScoresFile = z.infer<typeof boundariesSchema>;

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
  readonly horizonSteps: number;
  /** Of the kept numbers that were scored. */
  readonly forecastSha256: string;
  /** Rising. */
  readonly blocks: readonly ScoredBlock[];
}

/** Hash of what a kept forecast foresaw. */
export function forecastHash({data, modelSha256, horizonSteps}: KeptForecast): string {
  return sha256Hex(canonicalJson({modelSha256, horizonSteps, data}));
}

/**
 * The scores of a kept forecast so far, without its boundaries; undefined where there are none: scores of another one that had
 * its place before do not count. Throws InputError that names file and field.
 */
export async function readScores(
  files: HistoryFiles,
  kept: KeptForecast,
): Promise<ScoredForecast | undefined> {
  const name = `${placeName(kept)}.json`;
  if (!files.has('scores', name)) return undefined;
  const path = files.pathOf('scores', name);
  const file: ForecastScoresFile = parseArtifact(await readText(path), path, FORECAST_SCORES_KIND);
  if (file.forecastSha256 !== forecastHash(kept)) return undefined;
  const times = new Map(blocksOf(kept).map((block) => [block.block, block]));
  const {granularity, metric, role, model, originUs, horizonSteps} = kept;
  return {
    ...{granularity, metric, role, model, originUs, horizonSteps},
    ...{modelSha256: file.modelSha256, forecastSha256: file.forecastSha256},
    trainedUntilUs: parseInstantUs(file.trainedUntil) ?? Number.NaN,
    blocks: file.blocks.flatMap((scored) => {
      const time = times.get(scored.block);
      return time === undefined ? [] : [{...scored, fromUs: time.fromUs, toUs: time.toUs}];
    }),
  };
}

/** The same with what its boundaries scored, where there are any. */
export async function withBoundaries(files: HistoryFiles, scored: ScoredForecast): Promise<ScoredForecast> {
  const scopes = await readBoundaryScopes(files, scored);
  if (scopes.size === 0) return scored;
  return {
    ...scored,
    blocks: scored.blocks.map((block) => ({
      ...block,
      scopes: [...block.scopes, ...(scopes.get(block.block) ?? [])],
    })),
  };
}

async function readBoundaryScopes(
  files: HistoryFiles,
  scored: ScoredForecast,
): Promise<ReadonlyMap<number, readonly ScopeScores[]>> {
  const name = boundariesName(scored);
  if (!files.has('scores', name)) return new Map();
  const path = files.pathOf('scores', name);
  const file: BoundaryScoresFile = parseArtifact(await readText(path), path, BOUNDARY_SCORES_KIND);
  if (file.forecastSha256 !== scored.forecastSha256) return new Map();
  return new Map(file.blocks.map(({block, scopes}) => [block, scopes]));
}

/**
 * Writes scores to which blocks were added, these with their boundaries: boundaries first, as the other file is what
 * says which blocks are scored.
 */
export async function writeScores(
  files: HistoryFiles,
  scored: ScoredForecast,
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): Promise<void> {
  const {forecastSha256, blocks} = scored;
  const known = await readBoundaryScopes(files, scored);
  const boundaries = blocks.map(({block, scopes}) => {
    const own = scopes.filter(({scope}) => scope === 'boundary');
    return {block, scopes: own.length > 0 ? own : (known.get(block) ?? [])};
  });
  if (boundaries.some(({scopes}) => scopes.length > 0)) {
    const file = {kind: 'foreshadow.boundary-scores', version: 1, forecastSha256, blocks: boundaries};
    await files.write('scores', boundariesName(scored), `${JSON.stringify(file)}\n`);
  }
  await files.write('scores', `${placeName(scored)}.json`, artifactText(fileOf(scored, made)));
}

function boundariesName(place: KeptPlace): string {
  return `${placeName(place)}.boundaries`;
}

function fileOf(
  {blocks, ...scored}: ScoredForecast,
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): ForecastScoresFile {
  const {granularity, metric, originUs, horizonSteps, role, model, modelSha256, trainedUntilUs} = scored;
  return {
    ...{kind: 'foreshadow.forecast-scores', version: 1, ...made},
    ...{granularity, metric, origin: formatInstantUs(originUs), horizonSteps, role, model, modelSha256},
    trainedUntil: formatInstantUs(trainedUntilUs),
    forecastSha256: scored.forecastSha256,
    blocks: blocks.map(({block, night, scopes}) => ({
      block,
      night: {...night},
      scopes: scopes.filter(({scope}) => scope !== 'boundary').map(plainScope),
    })),
  };
}

function plainScope({sums, ...scope}: ScopeScores): z.infer<typeof scopesSchema>[number] {
  return {
    ...scope,
    sums: {...sums, inside: [...sums.inside], width: [...sums.width], under: [...sums.under]},
  };
}
