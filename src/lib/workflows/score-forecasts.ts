import {
  artifactText,
  canonicalJson,
  floorToStepUs,
  formatInstantUs,
  GRANULARITY_SECONDS,
  groupBy,
  invariant,
  parseArtifact,
  readText,
  type Series,
  sha256Hex,
  US_PER_SECOND,
} from '../core/index.js';
import {type PanelSource, readPanel, sumPanel} from '../forecasting/index.js';
import {
  type Block,
  blocksOf,
  type BlockScores,
  dataFilesOf,
  FORECAST_SCORES_KIND,
  type ForecastScoresFile,
  type ForeseenVolume,
  groupName,
  groupsOf,
  type HistoryFiles,
  KEPT_FORECAST_KIND,
  KEPT_MEMBERS_KIND,
  type KeptForecast,
  type KeptForecastFile,
  keptForecastOf,
  type KeptMembers,
  NO_SCORES,
  placeName,
  readKeptNumbers,
  scoreBlock,
  type ScoredForecast,
  scoredForecastOf,
} from '../monitoring/index.js';
import type {HistoryQuery} from '../shadow-store/index.js';

/** A store that may say for which steps it has logs. */
export interface TruthSource extends PanelSource {
  readonly readCoverage?: (query: HistoryQuery) => Promise<readonly Series[]>;
}

export interface ScoreForecastsOptions {
  readonly files: HistoryFiles;
  readonly store: TruthSource;
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
 * Scores the kept forecasts for every block of steps whose truth is there now, and saves the scores: a block once, when all its
 * steps have ended in the store and at `asOfUs`; what was scored is not read again, and removed when all of it is. Steps without a log are unknown; where
 * more than a tenth of a block is, it waits a day for logs that are late. Throws
 * InputError when store or history cannot be read.
 */
export async function scoreForecasts(options: ScoreForecastsOptions): Promise<ScoredHistory> {
  const all = await readKept(options);
  const due = all.filter(({dueBlocks}) => dueBlocks.length > 0);
  const now = new Map<string, ForecastScoresFile>();
  let done = 0;
  for (const group of groupBy(due, ({kept}) => groupName(kept)).values()) {
    const truth = await readTruth(group, options);
    for (const forecast of group) {
      options.signal.throwIfAborted();
      options.onProgress({done, total: due.length});
      done += 1;
      const scores = await scoreDue(forecast, truth, options);
      if (scores.blocks.length === (forecast.scores?.blocks.length ?? 0)) continue;
      await options.files.write('scores', `${forecast.name}.json`, artifactText(scores));
      now.set(forecast.name, scores);
    }
  }
  const scored = all.map(({name, scores}) => now.get(name) ?? scores);
  for (const [index, {kept}] of all.entries())
    if (scored[index]?.blocks.length === blocksOf(kept).length) await removeNumbers(kept, options);
  const count = (some: readonly (ForecastScoresFile | undefined)[]): number =>
    some.reduce((sum, one) => sum + (one?.blocks.length ?? 0), 0);
  const blocks = all.reduce((sum, {kept}) => sum + blocksOf(kept).length, 0);
  return {
    begun: all.flatMap(({kept, untilUs}) => (kept.originUs < untilUs ? [kept] : [])),
    keptCount: all.length,
    forecasts: scored.flatMap((file) => (file === undefined ? [] : scoredForecastOf(file))),
    newBlocks: count(scored) - count(all.map(({scores}) => scores)),
    waitingBlocks: blocks - count(scored),
  };
}

/** What was foreseen takes much room, and is not needed when all of it is scored. */
async function removeNumbers(kept: KeptForecast, {files}: ScoreForecastsOptions): Promise<void> {
  for (const file of dataFilesOf(kept))
    if (files.has('forecasts', file)) await files.remove('forecasts', file);
}

interface KeptAndScored {
  readonly name: string;
  readonly kept: KeptForecast;
  readonly scores: ForecastScoresFile | undefined;
  readonly dueBlocks: readonly Block[];
  /** End of the last whole step of the truth. */
  readonly untilUs: number;
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
    const scores = await readScores(files, json, kept);
    const done = new Set(scores?.blocks.map(({block}) => block));
    const untilUs = floorToStepUs(Math.min(asOfUs, endUs), GRANULARITY_SECONDS[kept.granularity]);
    const dueBlocks = blocksOf(kept).filter(({block, toUs}) => toUs <= untilUs && !done.has(block));
    all.push({name: placeName(kept), kept, scores, dueBlocks, untilUs});
  }
  return all;
}

/** Undefined where there are none of this forecast: scores of one that had its place before do not count. */
async function readScores(
  files: HistoryFiles,
  json: string,
  kept: KeptForecast,
): Promise<ForecastScoresFile | undefined> {
  if (!files.has('scores', json)) return undefined;
  const path = files.pathOf('scores', json);
  const scores: ForecastScoresFile = parseArtifact(await readText(path), path, FORECAST_SCORES_KIND);
  return scores.forecastSha256 === hashOf(kept) ? scores : undefined;
}

function hashOf({data, modelSha256, horizonSteps}: KeptForecast): string {
  return sha256Hex(canonicalJson({modelSha256, horizonSteps, data}));
}

/** What came, from the first step that is due on; NaN where there is no log: used bytes would be carried over such gaps. */
async function readTruth(
  due: readonly KeptAndScored[],
  {store, asOfUs}: ScoreForecastsOptions,
): Promise<readonly Series[]> {
  const [first] = due;
  invariant(first !== undefined, 'a group has a forecast');
  const fromUs = due.reduce(
    (least, {dueBlocks}) => Math.min(least, dueBlocks[0]?.fromUs ?? Infinity),
    Infinity,
  );
  const {granularity, metric} = first.kept;
  const panel = await readPanel(store, {granularity, metric, fromUs, asOfUs});
  const [{startUs, stepSeconds, values} = {startUs: 0, stepSeconds: 1, values: []}] = panel;
  const toUs = startUs + values.length * stepSeconds * US_PER_SECOND;
  const coverage = await store.readCoverage?.({fromUs: startUs, toUs, stepSeconds});
  if (coverage === undefined) return panel;
  const sharesOf = byId(coverage);
  return panel.map((series) => {
    const shares = sharesOf.get(series.id)?.values;
    return {
      ...series,
      values: series.values.map((value, step) => ((shares?.[step] ?? 0) > 0 ? value : Number.NaN)),
    };
  });
}

async function scoreDue(
  {kept, scores, dueBlocks, untilUs}: KeptAndScored,
  truth: readonly Series[],
  options: ScoreForecastsOptions,
): Promise<ForecastScoresFile> {
  const {files} = options;
  const read = (
    data: KeptForecast['data']['boundaries'],
    block: Block,
  ): Promise<readonly ForeseenVolume[]> =>
    data === undefined
      ? Promise.resolve([])
      : readKeptNumbers(files.pathOf('forecasts', data.file), block.block);
  const members = await readMembers(files, kept);
  const outcomes = {volume: byId(truth), boundary: byId(members ? sumsOf(truth, members) : [])};
  const now: ForecastScoresFile['blocks'] = [];
  for (const block of dueBlocks) {
    const [volumes, sums] = [await read(kept.data.volumes, block), await read(kept.data.boundaries, block)];
    const scored = scoreBlock(volumes, sums, (scope, id) => outcomeOf(outcomes[scope].get(id), block));
    if (scored !== undefined && !isLate(scored, block, untilUs)) now.push(toldBlock(block.block, scored));
  }
  const blocks = [...(scores?.blocks ?? []), ...now].sort((left, right) => left.block - right.block);
  const {granularity, metric, role, model, modelSha256, horizonSteps} = kept;
  return {
    ...{kind: 'foreshadow.forecast-scores', version: 1, tool: options.tool},
    createdAt: formatInstantUs(options.createdAtUs),
    ...{granularity, metric, origin: formatInstantUs(kept.originUs), horizonSteps, role, model, modelSha256},
    trainedUntil: formatInstantUs(kept.trainedUntilUs),
    forecastSha256: hashOf(kept),
    blocks,
  };
}

/** Whether so much is not known that logs may still come: they are waited for, for a day. */
function isLate({scopes}: BlockScores, {toUs}: Block, untilUs: number): boolean {
  const {steps, unknownSteps} = scopes.find(({scope}) => scope === 'volumes')?.sums ?? NO_SCORES;
  return (
    unknownSteps > MOST_UNKNOWN * (steps + unknownSteps) && untilUs < toUs + WAIT_SECONDS * US_PER_SECOND
  );
}

const MOST_UNKNOWN = 0.1;
const WAIT_SECONDS = 86_400;

function toldBlock(block: number, {night, scopes}: BlockScores): ForecastScoresFile['blocks'][number] {
  return {
    block,
    night: {...night},
    scopes: scopes.map(({sums, ...scope}) => ({
      ...scope,
      sums: {...sums, inside: [...sums.inside], width: [...sums.width], under: [...sums.under]},
    })),
  };
}

async function readMembers(files: HistoryFiles, {data}: KeptForecast): Promise<KeptMembers | undefined> {
  if (data.members === undefined) return undefined;
  const path = files.pathOf('forecasts', data.members.file);
  return parseArtifact(await readText(path), path, KEPT_MEMBERS_KIND);
}

/** A sum is not known when one of its members is gone from the store. */
function sumsOf(truth: readonly Series[], kept: KeptMembers): readonly Series[] {
  const known = new Set(truth.map(({id}) => id));
  return sumPanel(
    truth,
    groupsOf(kept).filter(({members}) => members.every(({id}) => known.has(id))),
  );
}

function byId(panel: readonly Series[]): ReadonlyMap<string, Series> {
  return new Map(panel.map((series) => [series.id, series]));
}

/** The values of the steps of a block, NaN for those that the series does not have. */
function outcomeOf(series: Series | undefined, {fromUs, fromStep, toStep}: Block): Float64Array | undefined {
  if (series === undefined) return undefined;
  const first = Math.round((fromUs - series.startUs) / (series.stepSeconds * US_PER_SECOND));
  return Float64Array.from(
    {length: toStep - fromStep},
    (_, step) => series.values[first + step] ?? Number.NaN,
  );
}
