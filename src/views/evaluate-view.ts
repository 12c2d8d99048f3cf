import type {Evaluation} from '../lib/workflows/evaluate-models.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

const FAILURES_SHOWN = 10;

/** The models as a table, best first, then what failed. */
export async function renderEvaluation(evaluation: Evaluation): Promise<string> {
  const {models, toBeat, levels, folds, horizonSteps, series, steps, granularity, metric} = evaluation;
  const right = {align: 'right'} as const;
  const table = await renderTable(
    [
      {title: 'model'},
      {title: 'wQL', ...right},
      {title: 'MASE', ...right},
      {title: 'sMAPE', ...right},
      ...levels.map((level) => ({title: `under q${level}`, ...right})),
      {title: 'scored', ...right},
      {title: 'no scale', ...right},
      {title: 'failed', ...right},
    ],
    models.map(({model, wql, mase, smape, coverage, scored, unscaledSeries, failed}) => [
      model === toBeat ? `${model} (to beat)` : model,
      figure(wql, 4),
      figure(mase, 3),
      figure(smape, 2),
      ...levels.map((_, index) => percent(coverage[index]?.share)),
      String(scored),
      String(unscaledSeries),
      String(failed),
    ]),
  );
  const about = `${granularity} ${metric}: ${series} volumes, ${steps} steps, ${folds} folds of ${horizonSteps} steps`;
  return [about, '', table, ...failureLines(evaluation)].join('\n');
}

function failureLines({failures}: Evaluation): readonly string[] {
  if (failures.length === 0) return [];
  const shown = failures.slice(0, FAILURES_SHOWN).map(({model, fold, series, reason}) => {
    return `${paint.warn('failed:')} ${model}, fold ${fold}${series === undefined ? '' : `, ${printable(series)}`}: ${printable(reason)}`;
  });
  const more = failures.length - shown.length;
  return ['', ...shown, ...(more > 0 ? [`and ${more} more (--json lists all)`] : [])];
}

function figure(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : value.toFixed(digits);
}

function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
}
