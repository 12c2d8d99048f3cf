import {type Markup, markup, round, shape} from '../../charts/index.js';
import type {EvaluationDocument} from '../documents/evaluation-document.js';
import {axes, type Frame} from './axes.js';
import {key} from './key.js';
import {mark, MARK_LOOKS} from './mark.js';

const FRAME: Frame = {width: 300, height: 250, left: 44, right: 10, top: 10, bottom: 40};
const SHARES = [0, 0.25, 0.5, 0.75, 1];

/** Share of outcomes under each quantile against its level: on the diagonal when what was promised was kept. */
export function drawCalibration(granularity: string, models: EvaluationDocument['models']): Markup {
  const {left, right, top, bottom, width, height} = FRAME;
  const xOf = (share: number): number => left + share * (width - left - right);
  const yOf = (share: number): number => height - bottom - share * (height - top - bottom);
  const shown = models.filter(({coverage}) => coverage.length > 0).slice(0, MARK_LOOKS);
  const label = `Of ${granularity} forecasts: ${shown.map(({model, coverage}) => `${model} ${coverage.map(({level, share}) => `${(100 * share).toFixed(0)} % under q${level}`).join(', ')}`).join('; ')}`;
  const chart = shape(
    'svg',
    {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label},
    [
      axes(FRAME, {
        vertical: SHARES.map((share) => ({at: yOf(share), label: `${100 * share} %`})),
        horizontal: SHARES.map((share) => ({at: xOf(share), label: String(share)})),
      }),
      shape('path', {class: 'diagonal', d: `M${xOf(0)} ${yOf(0)}L${round(xOf(1))} ${round(yOf(1))}`}),
      shape(
        'text',
        {class: 'title', x: (left + width - right) / 2, y: height - 6, 'text-anchor': 'middle'},
        'level of the quantile',
      ),
      ...shown.flatMap(({coverage}, look) =>
        coverage.map(({level, share}) => mark(look, xOf(level), yOf(share))),
      ),
    ],
  );
  const legend = shown.map(({model}, look) => key(mark(look, 12, 5), model));
  return markup`<figure class="small"><figcaption>Outcomes under each quantile, ${granularity}</figcaption>${chart}<ul class="legend">${legend}</ul></figure>`;
}
