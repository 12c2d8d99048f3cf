import {type Markup, markup} from '../../charts/index.js';
import {drawCalibration} from '../charts/draw-calibration.js';
import type {EvaluationDocument} from '../documents/evaluation-document.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {renderTable} from './table.js';
import {percent} from './words.js';

/** How well models foresaw what came, and how often their quantiles were kept. */
export function modelsSection({evaluation}: ReportData): Section {
  const content =
    evaluation === undefined
      ? absent('model scores', 'foreshadow evaluate --json > evaluation.json')
      : renderModels(evaluation);
  return {id: 'models', title: 'Model scores', content};
}

function renderModels(evaluation: EvaluationDocument): Markup {
  const {granularities, folds, metric, skipped, toBeat} = evaluation;
  const parts = granularities.map((row) => renderGranularity(evaluation, row));
  return markup`<p>${metric}, ${folds} past origins, each model fitted on what was known then. wQL is the quantile loss over the sum of outcomes: less is better, and ${toBeat} is the one to beat. OWA is against Naive2: below 1 is better than that.</p>
${parts}${skipped.map(({granularity, reason}) => markup`<p class="note">${granularity} is left out: ${reason}</p>\n`)}`;
}

function renderGranularity(
  {models}: EvaluationDocument,
  {granularity, series, horizonSteps}: EvaluationDocument['granularities'][number],
): Markup {
  const own = models.filter((row) => row.granularity === granularity);
  const levels = own.find(({coverage}) => coverage.length > 0)?.coverage.map(({level}) => level) ?? [];
  const number = (title: string) => ({title, isNumber: true});
  const table = renderTable(
    `Models, ${granularity}: ${series} series, ${horizonSteps} steps ahead, best first`,
    [
      {title: 'model'},
      ...['wQL', 'MASE', 'sMAPE', 'OWA', 'MSIS'].map(number),
      ...levels.map((level) => number(`under q${level}`)),
      ...['inside 95 %', 'scored', 'failed'].map(number),
    ],
    own.map(({model, wql, mase, smape, owa, msis, coverage, inside95, scored, failed}) => [
      model,
      ...[wql?.toFixed(4) ?? '-', figure(mase), figure(smape), figure(owa), figure(msis)],
      ...levels.map((level) => {
        const share = coverage.find((one) => one.level === level)?.share;
        return share === undefined ? '-' : percent(share, 1);
      }),
      ...[inside95 === undefined ? '-' : percent(inside95, 1), scored, failed],
    ]),
  );
  const picture = levels.length < 2 ? markup`` : drawCalibration(granularity, own);
  return markup`<div class="beside">${table}${picture}</div>`;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '-';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
