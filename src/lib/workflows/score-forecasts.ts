import {
  floorToStepUs,
  formatInstantUs,
  GRANULARITY_SECONDS,
  groupBy,
  parseArtifact,
  readText,
  sum,
} from '../core/index.js';
import {
  blocksOf,
  dataFilesOf,
  forecastHash,
  groupName,
  type HistoryFiles,
  KEPT_FORECAST_KIND,
  type KeptForecast,
  type KeptForecastFile,
  keptForecastOf,
  readScores,
  type ScoredBlock,
  type ScoredForecast,
  withBoundaries,
  writeScores,
} from '../monitoring/index.js';
import {type DueForecast, readTruth, scoreDueBlocks, type TruthSource} from './score-due-blocks.js';

export interface ScoreForecastsOptions {
  readonly files: HistoryFiles;
  readonly store: TruthSource;
  /** Boundaries of forecasts that end before this are not read. */
  readonly sinceUs: number;
  /** Nothing from this time on is looked at. */
  readonly asOfUs: number;
  readonly tool: string;
  readonly createdAtUs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

/** What has been scored by now. */
export interface ScoredHistory {
  /** Every forecast of which the first step has ended, by group and origin. */
  readonly begun: readonly KeptForecast[];
  /** With those that are yet to begin. */
  readonly keptCount: number;
  /** Those that have scores. */
  readonly forecasts: readonly ScoredForecast[];
  /** Blocks that were scored now, and those whose truth is not there yet. */
  readonly newBlocks: number;
  readonly waitingBlocks: number;
}

/**
 * Scores the kept forecasts for every block of steps whose truth is there now, and saves the scores: a block once, when all
 * its steps have ended in the store and at `asOfUs`; what was scored is not read again, and removed when all of it is. Steps
 * without a log are unknown; where more than a tenth of a block is, it waits a day for logs that are late. Throws InputError
 * when store or history cannot be read, TargetError when the disk refuses.
 */
export async function scoreForecasts(options: ScoreForecastsOptions): Promise<ScoredHistory> {
  const all = await readKept(options);
  const now = await scoreDue(
    all.filter(({dueBlocks}) => dueBlocks.length > 0),
    options,
  );
  const scored = all.map((forecast) => ({...forecast, scores: now.get(forecast.kept) ?? forecast.scores}));
  for (const {kept, scores} of scored)
    if (scores?.blocks.length === blocksOf(kept).length) await removeNumbers(kept, options);
  const blockCount = sum(all.map(({kept}) => blocksOf(kept).length));
  return {
    begun: all.flatMap(({kept, untilUs}) => (kept.originUs < untilUs ? [kept] : [])),
    keptCount: all.length,
    forecasts: await tell(scored, options),
    newBlocks: countBlocks(scored) - countBlocks(all),
    waitingBlocks: blockCount - countBlocks(scored),
  };
}

interface KeptAndScored extends DueForecast {
  /** Without boundaries. */
  readonly scores: ScoredForecast | undefined;
}

/** Every kept forecast that begins by `asOfUs`, with its scores so far. */
async function readKept({files, store, asOfUs}: ScoreForecastsOptions): Promise<readonly KeptAndScored[]> {
  const {endUs = Number.NEGATIVE_INFINITY} = store.info();
  const all: KeptAndScored[] = [];
  for (const json of await files.list('forecasts', '.json')) {
    const path = files.pathOf('forecasts', json);
    const file: KeptForecastFile = parseArtifact(await readText(path), path, KEPT_FORECAST_KIND);
    const kept = keptForecastOf(file);
    if (kept.originUs > asOfUs) continue;
    const scores = await readScores(files, kept);
    const done = new Set(scores?.blocks.map(({block}) => block));
    const untilUs = floorToStepUs(Math.min(asOfUs, endUs), GRANULARITY_SECONDS[kept.granularity]);
    const dueBlocks = blocksOf(kept).filter(({block, toUs}) => toUs <= untilUs && !done.has(block));
    all.push({kept, scores, dueBlocks, untilUs});
  }
  return all;
}

/** The forecasts that have more scores than before, with all of them. */
async function scoreDue(
  due: readonly KeptAndScored[],
  {files, store, asOfUs, tool, createdAtUs, signal, onProgress}: ScoreForecastsOptions,
): Promise<ReadonlyMap<KeptForecast, ScoredForecast>> {
  const made = {tool, createdAt: formatInstantUs(createdAtUs)};
  const scored = new Map<KeptForecast, ScoredForecast>();
  let done = 0;
  for (const group of groupBy(due, ({kept}) => groupName(kept)).values()) {
    const truth = await readTruth(group, store, asOfUs);
    for (const forecast of group) {
      signal.throwIfAborted();
      onProgress({done, total: due.length});
      done += 1;
      const blocks = await scoreDueBlocks(forecast, truth, files);
      if (blocks.length === 0) continue;
      const scores = addBlocks(forecast, blocks);
      await writeScores(files, scores, made);
      scored.set(forecast.kept, scores);
    }
  }
  return scored;
}

function addBlocks({kept, scores}: KeptAndScored, blocks: readonly ScoredBlock[]): ScoredForecast {
  const {granularity, metric, role, model, modelSha256, originUs, horizonSteps, trainedUntilUs} = kept;
  return {
    ...{granularity, metric, role, model, modelSha256, originUs, horizonSteps, trainedUntilUs},
    forecastSha256: forecastHash(kept),
    blocks: [...(scores?.blocks ?? []), ...blocks].sort((left, right) => left.block - right.block),
  };
}

/** What was foreseen takes much room, and is not needed when all of it is scored. */
async function removeNumbers(kept: KeptForecast, {files}: ScoreForecastsOptions): Promise<void> {
  for (const file of dataFilesOf(kept))
    if (files.has('forecasts', file)) await files.remove('forecasts', file);
}

/** The scores, with boundaries where they are to be told. */
async function tell(
  scored: readonly KeptAndScored[],
  {files, sinceUs}: ScoreForecastsOptions,
): Promise<readonly ScoredForecast[]> {
  const told: ScoredForecast[] = [];
  for (const {kept, scores} of scored) {
    if (scores === undefined) continue;
    const plain = {...scores, blocks: scores.blocks.map(withoutBoundaries)};
    const endUs = blocksOf(kept).at(-1)?.toUs ?? 0;
    told.push(endUs > sinceUs && kept.data.boundaries ? await withBoundaries(files, plain) : plain);
  }
  return told;
}

function withoutBoundaries(block: ScoredBlock): ScoredBlock {
  return {...block, scopes: block.scopes.filter(({scope}) => scope !== 'boundary')};
}

function countBlocks(forecasts: readonly KeptAndScored[]): number {
  return sum(forecasts.map(({scores}) => scores?.blocks.length ?? 0));
}
