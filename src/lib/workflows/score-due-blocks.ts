import {invariant, parseArtifact, readText, type Series, US_PER_SECOND} from '../core/index.js';
import {type PanelSource, readPanel} from '../forecasting/index.js';
import {
  type Block,
  type BlockScores,
  type ForeseenVolume,
  groupsOf,
  type HistoryFiles,
  KEPT_MEMBERS_KIND,
  type KeptForecast,
  type KeptMembers,
  NO_SCORES,
  readKeptNumbers,
  scoreBlock,
  type ScoredBlock,
} from '../monitoring/index.js';
import type {HistoryQuery} from '../shadow-store/index.js';

/** A store that may say for which steps it has logs. */
export interface TruthSource extends PanelSource {
  readonly readCoverage?: (query: HistoryQuery) => Promise<readonly Series[]>;
}

/** A kept forecast with the blocks that are yet to be scored, and whose steps have all ended; at least one, rising. */
export interface DueForecast {
  readonly kept: KeptForecast;
  readonly dueBlocks: readonly Block[];
  /** End of the last whole step of the truth. */
  readonly untilUs: number;
}

/** Where more of a block is unknown, logs may still come: they are waited for, for a day. */
const MOST_UNKNOWN = 0.1;
const WAIT_SECONDS = 86_400;

/**
 * What came in the steps that forecasts of one granularity and metric are due for; NaN where there is no log: used bytes would be
 * carried over such gaps.
 */
export async function readTruth(
  due: readonly DueForecast[],
  store: TruthSource,
  asOfUs: number,
): Promise<ReadonlyMap<string, Series>> {
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
  if (coverage === undefined) return byId(panel);
  const sharesOf = byId(coverage);
  return byId(
    panel.map((series) => {
      const shares = sharesOf.get(series.id)?.values;
      return {
        ...series,
        values: series.values.map((value, step) => ((shares?.[step] ?? 0) > 0 ? value : Number.NaN)),
      };
    }),
  );
}

/** Scores the blocks that are due, but for those for which logs may still come. Throws InputError when numbers cannot be read. */
export async function scoreDueBlocks(
  {kept, dueBlocks, untilUs}: DueForecast,
  truth: ReadonlyMap<string, Series>,
  files: HistoryFiles,
): Promise<readonly ScoredBlock[]> {
  const read = (
    data: KeptForecast['data']['boundaries'],
    block: Block,
  ): Promise<readonly ForeseenVolume[]> =>
    data === undefined
      ? Promise.resolve([])
      : readKeptNumbers(files.pathOf('forecasts', data.file), block.block);
  const membersOf = await readMembers(files, kept);
  const scored: ScoredBlock[] = [];
  for (const block of dueBlocks) {
    const [volumes, sums] = [await read(kept.data.volumes, block), await read(kept.data.boundaries, block)];
    const outcome = (id: string): Float64Array | undefined => outcomeOf(truth.get(id), block);
    const scores = scoreBlock(volumes, sums, (scope, id) =>
      scope === 'volume' ? outcome(id) : sumOf(membersOf.get(id) ?? [], outcome),
    );
    if (scores === undefined || isLate(scores, block, untilUs)) continue;
    scored.push({block: block.block, fromUs: block.fromUs, toUs: block.toUs, ...scores});
  }
  return scored;
}

function isLate({scopes}: BlockScores, {toUs}: Block, untilUs: number): boolean {
  const {steps, unknownSteps} = scopes.find(({scope}) => scope === 'volumes')?.sums ?? NO_SCORES;
  const isMuch = unknownSteps > MOST_UNKNOWN * (steps + unknownSteps);
  return isMuch && untilUs < toUs + WAIT_SECONDS * US_PER_SECOND;
}

type Members = readonly {readonly id: string; readonly weight: number}[];

async function readMembers(files: HistoryFiles, {data}: KeptForecast): Promise<ReadonlyMap<string, Members>> {
  if (data.members === undefined) return new Map();
  const path = files.pathOf('forecasts', data.members.file);
  const kept: KeptMembers = parseArtifact(await readText(path), path, KEPT_MEMBERS_KIND);
  return new Map(groupsOf(kept).map(({id, members}) => [id, members]));
}

/** A sum is not known in steps in which one of its members is not. */
function sumOf(
  members: Members,
  outcome: (id: string) => Float64Array | undefined,
): Float64Array | undefined {
  let total: Float64Array | undefined;
  for (const {id, weight} of members) {
    const values = outcome(id);
    if (values === undefined) return undefined;
    total ??= new Float64Array(values.length);
    for (const [step, value] of values.entries()) total[step] = (total[step] ?? 0) + weight * value;
  }
  return total;
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
