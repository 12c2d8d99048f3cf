import {z} from 'zod';

import {parseWith, type Granularity} from '../core/index.js';
import {maseOf} from './accuracy.js';
import type {BacktestResult} from './backtest.js';

/** How one model did over all series and folds. A figure is absent where nothing could be scored. */
export interface ModelAccuracy {
  readonly model: string;
  /**
   * Weighted quantile loss: 2 x pinball loss, mean over levels, summed over series and steps, over the sum of the
   * absolute outcomes. Idle and all-zero series weigh nothing in it, where they make a mean of ratios explode.
   */
  readonly wql?: number;
  /** Mean over series and folds of the mean absolute error over the series' scale (Hyndman and Koehler 2006). */
  readonly mase?: number;
  /** Left out of `mase`: their history never moved (all zero, constant), so that there is no scale. */
  readonly unscaledSeries: number;
  /** Mean over series and folds of the symmetric percentage error, 0 to 200. */
  readonly smape?: number;
  /**
   * Overall weighted average of M4: the mean of sMAPE and MASE, each over that of Naive2 on the same series and folds;
   * under 1 is better than that.
   */
  readonly owa?: number;
  /** Mean scaled interval score of the central 95 % (M4), over the same series as `mase`. */
  readonly msis?: number;
  /** Share of outcomes within that interval. */
  readonly inside95?: number;
  /** Share of outcomes at or under the quantile of each level: the level itself when calibrated. */
  readonly coverage: readonly {readonly level: number; readonly share: number}[];
  /** Series times folds. */
  readonly scored: number;
  readonly failed: number;
}

/**
 * The models of a backtest, best first: by weighted quantile loss, those without one last. A model of which nothing
 * could be scored has a row too.
 */
export async function rankModels(
  {scores, failures}: BacktestResult,
  models: readonly string[],
  levels: readonly number[],
): Promise<readonly ModelAccuracy[]> {
  const {op, table} = await import('arquero');
  const rows = table({
    model: scores.map(({model}) => model),
    mase: scores.map((score) => maseOf(score) ?? null),
    smape: scores.map(({smapeSum, stepCount}) => smapeSum / stepCount),
    naive2Mase: scores.map((score) => maseOf({...score, ...score.naive2}) ?? null),
    naive2Smape: scores.map(({naive2, stepCount}) => naive2.smapeSum / stepCount),
    msis: scores.map(({intervalSum, stepCount, scale}) =>
      scale > 0 ? intervalSum / stepCount / scale : null,
    ),
    inside: scores.map(({insideSteps}) => insideSteps),
    loss: scores.map(({quantileLoss}) => quantileLoss),
    outcome: scores.map(({absoluteOutcome}) => absoluteOutcome),
    steps: scores.map(({stepCount}) => stepCount),
    ...Object.fromEntries(
      levels.map((_, index) => [`covered${index}`, scores.map(({coveredSteps}) => coveredSteps[index] ?? 0)]),
    ),
  });
  const summary = rows
    .groupby('model')
    .rollup({
      scored: op.count(),
      scaled: op.valid('mase'),
      mase: op.mean('mase'),
      smape: op.mean('smape'),
      naive2Mase: op.mean('naive2Mase'),
      naive2Smape: op.mean('naive2Smape'),
      msis: op.mean('msis'),
      inside: op.sum('inside'),
      loss: op.sum('loss'),
      outcome: op.sum('outcome'),
      steps: op.sum('steps'),
      ...Object.fromEntries(levels.map((_, index) => [`covered${index}`, op.sum(`covered${index}`)])),
    })
    .objects();
  const byModel = new Map(parseWith(summarySchema, summary, 'backtest').map((row) => [row.model, row]));
  const ranked = models.map((model): ModelAccuracy => {
    const failed = failures.filter((failure) => failure.model === model).length;
    const row = byModel.get(model);
    return row ? describe(row, levels, failed) : {model, unscaledSeries: 0, coverage: [], scored: 0, failed};
  });
  return ranked.sort((left, right) => (left.wql ?? Infinity) - (right.wql ?? Infinity) || 0);
}

const summarySchema = z.array(
  z
    .object({
      model: z.string(),
      scored: z.number(),
      scaled: z.number(),
      mase: z.number().nullish(),
      smape: z.number(),
      naive2Mase: z.number().nullish(),
      naive2Smape: z.number(),
      msis: z.number().nullish(),
      inside: z.number(),
      loss: z.number(),
      outcome: z.number(),
      steps: z.number(),
    })
    .catchall(z.number()),
);

type SummaryRow = z.infer<typeof summarySchema>[number];

function describe(row: SummaryRow, levels: readonly number[], failed: number): ModelAccuracy {
  const {model, scored, scaled, mase, smape, loss, outcome, steps, msis} = row;
  const owa = owaOf(row);
  return {
    model,
    ...(outcome > 0 && {wql: loss / outcome}),
    ...(typeof mase === 'number' && scaled > 0 && {mase}),
    unscaledSeries: scored - scaled,
    smape,
    ...(owa !== undefined && {owa}),
    ...(typeof msis === 'number' && scaled > 0 && {msis}),
    inside95: row.inside / steps,
    coverage: levels.map((level, index) => ({level, share: (row[`covered${index}`] ?? 0) / steps})),
    scored,
    failed,
  };
}

function owaOf({smape, mase, naive2Smape, naive2Mase, scaled}: SummaryRow): number | undefined {
  if (typeof mase !== 'number' || typeof naive2Mase !== 'number' || scaled === 0) return undefined;
  return naive2Mase > 0 && naive2Smape > 0 ? (smape / naive2Smape + mase / naive2Mase) / 2 : undefined;
}

/**
 * The models' accuracies at granularities as CSV with a header, one column a figure; a figure that is absent is empty.
 */
export async function accuracyCsv(
  ranked: readonly (ModelAccuracy & {readonly granularity: Granularity})[],
): Promise<string> {
  const {from} = await import('arquero');
  const rows = ranked.map(({coverage, ...row}) => ({
    ...{granularity: row.granularity, model: row.model, wql: row.wql, mase: row.mase, smape: row.smape},
    ...{owa: row.owa, msis: row.msis, inside95: row.inside95},
    ...{unscaledSeries: row.unscaledSeries, scored: row.scored, failed: row.failed},
    ...Object.fromEntries(coverage.map(({level, share}) => [`under_q${level}`, share])),
  }));
  return `${from(rows).toCSV()}\n`;
}
