import {formatDurationRoughly} from '../lib/core/index.js';
import type {FitProgress} from '../lib/forecasting/index.js';
import type {Evaluation, EvaluationProgress} from '../lib/workflows/evaluate-models.js';
import {paint} from './paint.js';
import type {Progress} from './progress.js';
import {printable, renderTable} from './table.js';

const FAILURES_SHOWN = 10;

const right = {align: 'right'} as const;

/** Shows how far an evaluation is, with the fit that goes on and the time left; `nowMs` is performance.now() unless told. */
export function evaluationProgress(
  progress: Progress,
  folds: number,
  nowMs: () => number = () => performance.now(),
): (told: EvaluationProgress) => void {
  const startedMs = nowMs();
  return ({granularity, model, fold, done, total, fit}) => {
    const leftMs = ((nowMs() - startedMs) * (total - done)) / done;
    const parts = [
      `${granularity} ${model}, fold ${fold} of ${folds}`,
      // The models of one fold cost unlike much: before it has ended nothing can be said.
      ...(fold > 1 && Number.isFinite(leftMs) ? [`${formatDurationRoughly(leftMs / 1000)} left`] : []),
    ];
    progress.update([parts.join(', '), ...(fit ? [fitText(fit)] : [])].join('; '));
  };
}

function fitText({model, unit, done, total, loss}: FitProgress): string {
  return `${model} ${done}/${total} ${unit}${loss === undefined ? '' : `, loss ${loss.toFixed(4)}`}`;
}

/** For each granularity the models, best first, and how often outcomes lay under their quantiles; then what failed. */
export async function renderEvaluation(evaluation: Evaluation): Promise<string> {
  const parts = evaluation.granularities.map(async (about) => {
    const models = evaluation.models.filter(({granularity}) => granularity === about.granularity);
    const {granularity, series, steps, horizonSteps} = about;
    const title = `${granularity} ${evaluation.metric}: ${series} volumes, ${steps} steps, ${evaluation.folds} folds of ${horizonSteps} steps`;
    const [accuracy, coverage] = [
      await accuracyTable(models, evaluation),
      await coverageTable(models, evaluation),
    ];
    return [title, '', accuracy, '', 'Share of outcomes at or under each quantile:', '', coverage].join('\n');
  });
  const tables = (await Promise.all(parts)).join('\n\n');
  return [
    tables,
    '',
    '* to beat. OWA: sMAPE and MASE over those of Naive2 (under 1 is better); MSIS:',
    'scaled width of the 95 % interval with penalties; both as in the M4 competition.',
    ...evaluation.skipped.map(
      ({granularity, reason}) => `${paint.warn('left out:')} ${granularity}: ${printable(reason)}`,
    ),
    ...failureLines(evaluation),
  ].join('\n');
}

function accuracyTable(models: Evaluation['models'], {toBeat}: Evaluation): Promise<string> {
  const titles = ['wQL', 'MASE', 'sMAPE', 'OWA', 'MSIS', 'in 95 %'];
  return renderTable(
    [{title: 'model'}, ...titles.map((title) => ({title, ...right}))],
    models.map(({model, wql, mase, smape, owa, msis, inside95}) => [
      named(model, toBeat),
      ...[figure(wql, 4), figure(mase, 3), figure(smape, 2), figure(owa, 3), figure(msis, 2)],
      percent(inside95),
    ]),
  );
}

function coverageTable(models: Evaluation['models'], {toBeat, levels}: Evaluation): Promise<string> {
  const titles = [...levels.map((level) => `q${level}`), 'scored', 'no scale', 'failed'];
  return renderTable(
    [{title: 'model'}, ...titles.map((title) => ({title, ...right}))],
    models.map(({model, coverage, scored, unscaledSeries, failed}) => [
      named(model, toBeat),
      ...levels.map((_, index) => percent(coverage[index]?.share)),
      ...[scored, unscaledSeries, failed].map(String),
    ]),
  );
}

function named(model: string, toBeat: string): string {
  return model === toBeat ? `${model} *` : model;
}

function failureLines({failures}: Evaluation): readonly string[] {
  if (failures.length === 0) return [];
  const shown = failures.slice(0, FAILURES_SHOWN).map(({granularity, model, fold, series, reason}) => {
    return `${paint.warn('failed:')} ${granularity} ${model}, fold ${fold}${series === undefined ? '' : `, ${printable(series)}`}: ${printable(reason)}`;
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
