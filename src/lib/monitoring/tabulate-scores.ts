import {groupBy} from '../core/index.js';
import type {ForecastRole, MonitoredGroup} from './kept-forecast.js';
import type {ScopeScores} from './score-block.js';
import type {ScoredForecast} from './score-file.js';
import {poolScores, type ScoreFigures, type ScoreSums, tellScores} from './score-sums.js';

/** How the forecasts of one model did in one scope. */
export interface MonitorRow extends MonitoredGroup, ScoreFigures {
  readonly role: ForecastRole;
  readonly model: string;
  readonly scope: ScopeScores['scope'];
  readonly name: string;
  /** Most series of any block. */
  readonly series: number;
  /** Its quantile loss over that of the seasonal naive on the same steps; absent where there is none to compare with. */
  readonly lossVsNaive?: number;
}

/** Which blocks count: those that begin in this time. */
export interface ScoredSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** One row for each model in its role and scope, over all blocks of the span; the champion first, volumes before classes and boundaries. */
export function tabulateMonitor(scored: readonly ScoredForecast[], span: ScoredSpan): readonly MonitorRow[] {
  const pieces = scored.flatMap((forecast) => piecesOf(forecast, span));
  const naive = new Map(
    pieces
      .filter(({forecast}) => forecast.role === 'reference')
      .map((piece) => [piece.key, piece.scores.sums]),
  );
  const rows = groupBy(pieces, ({forecast, scores}) =>
    JSON.stringify([
      ...[forecast.granularity, forecast.metric, forecast.role, forecast.model],
      ...[scores.scope, scores.name],
    ]),
  );
  return [...rows.values()].flatMap((group) => rowOf(group, naive)).sort(inReadingOrder);
}

interface Piece {
  readonly forecast: ScoredForecast;
  readonly scores: ScopeScores;
  /** The same of what another model foresaw of the same steps. */
  readonly key: string;
}

function piecesOf(forecast: ScoredForecast, {fromUs, toUs}: ScoredSpan): readonly Piece[] {
  const {granularity, metric, originUs} = forecast;
  return forecast.blocks
    .filter((block) => block.fromUs >= fromUs && block.toUs <= toUs)
    .flatMap(({block, scopes}) =>
      scopes.map((scores) => ({
        ...{forecast, scores},
        key: JSON.stringify([granularity, metric, originUs, block, scores.scope, scores.name]),
      })),
    );
}

function rowOf(pieces: readonly Piece[], naive: ReadonlyMap<string, ScoreSums>): readonly MonitorRow[] {
  const [first] = pieces;
  if (first === undefined) return [];
  const {granularity, metric, role, model} = first.forecast;
  const {scope, name} = first.scores;
  const both = pieces.flatMap(({key, scores}) => {
    const other = naive.get(key);
    return other?.steps === scores.sums.steps ? [{own: scores.sums.loss, naive: other.loss}] : [];
  });
  const naiveLoss = both.reduce((sum, one) => sum + one.naive, 0);
  return [
    {
      ...{granularity, metric, role, model, scope, name},
      series: pieces.reduce((most, {scores}) => Math.max(most, scores.series), 0),
      ...tellScores(poolScores(pieces.map(({scores}) => scores.sums))),
      ...(naiveLoss > 0 &&
        role !== 'reference' && {lossVsNaive: both.reduce((sum, one) => sum + one.own, 0) / naiveLoss}),
    },
  ];
}

const ROLES: readonly ForecastRole[] = ['champion', 'challenger', 'reference'];
const SCOPES: readonly ScopeScores['scope'][] = ['volumes', 'class', 'boundary'];
const GRANULARITIES = ['hourly', 'daily', 'weekly'] as const;

function inReadingOrder(left: MonitorRow, right: MonitorRow): number {
  const ranks = [
    GRANULARITIES.indexOf(left.granularity) - GRANULARITIES.indexOf(right.granularity),
    left.metric < right.metric ? -1 : Number(left.metric > right.metric),
    ROLES.indexOf(left.role) - ROLES.indexOf(right.role),
    left.model < right.model ? -1 : Number(left.model > right.model),
    SCOPES.indexOf(left.scope) - SCOPES.indexOf(right.scope),
    left.name < right.name ? -1 : Number(left.name > right.name),
  ];
  return ranks.find((rank) => rank !== 0) ?? 0;
}
