import {byteTicks, dayTicks, type Markup, markup, pathThrough, round, shape} from '../../charts/index.js';
import {formatBytes, formatInstantUs, US_PER_SECOND} from '../../core/index.js';
import type {ScenarioCourse} from '../report-data.js';
import {axes, type Frame} from './axes.js';

export interface CourseOptions extends ScenarioCourse {
  readonly fromUs: number;
  readonly originUs: number;
  readonly stepSeconds: number;
  /** Bytes held on hosts that remain; absent: nothing is known of a plan. */
  readonly heldBytes?: number | undefined;
  /** How long the plan was made for. */
  readonly plannedUntilUs?: number | undefined;
}

const FRAME: Frame = {width: 360, height: 190, left: 58, right: 10, top: 10, bottom: 26};
/** More points than pixels would only make the file larger. */
const MOST_POINTS = 150;

/** Bytes over time: what was, a fan of what is foreseen, and the line of what is held. */
export function drawCourse(options: CourseOptions): Markup {
  const {fromUs, originUs, stepSeconds, heldBytes, plannedUntilUs, scenario, point} = options;
  const stepUs = stepSeconds * US_PER_SECOND;
  const toUs = originUs + point.length * stepUs;
  const past = thinned(options.past);
  const paths = options.quantiles.map(({level, values}) => ({level, values: thinned(values)}));
  const top = paths.at(-1);
  const most = Math.max(1, heldBytes ?? 0, ...known(past), ...known(top?.values ?? []), ...point) * 1.05;
  const {left, right, width, height, top: above, bottom} = FRAME;
  const xOf = (atUs: number): number => left + ((atUs - fromUs) / (toUs - fromUs)) * (width - left - right);
  const yOf = (bytes: number): number => height - bottom - (bytes / most) * (height - above - bottom);
  const pastX = (index: number): number => xOf(fromUs + ((index + 1) / past.length) * (originUs - fromUs));
  const futureX = (count: number) => (index: number) =>
    xOf(originUs + ((index + 1) / count) * (toUs - originUs));
  const band = (low: number, high: number, look: string): Markup => {
    const [lower, upper] = [low, high].map((level) => paths.find((path) => path.level === level)?.values);
    if (lower === undefined || upper === undefined) return markup``;
    const there = pathThrough(upper, futureX(upper.length), yOf);
    const back = pathThrough(
      lower.toReversed(),
      (index) => futureX(lower.length)(lower.length - 1 - index),
      yOf,
    );
    return shape('path', {class: look, d: `${there}${back.replace(/^M/, 'L')}Z`});
  };
  const median = thinned(point);
  return shape(
    'svg',
    {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': tell(options)},
    [
      axes(FRAME, {
        vertical: byteTicks(most).map(({at, label}) => ({at: yOf(at), label})),
        horizontal: dayTicks(fromUs, toUs).map(({at, label}) => ({at: xOf(at), label})),
      }),
      band(0.05, 0.95, 'band wide'),
      band(0.25, 0.75, 'band'),
      shape('path', {class: 'now', d: `M${round(xOf(originUs))} ${above}V${height - bottom}`}),
      plannedUntilUs === undefined || plannedUntilUs > toUs || plannedUntilUs <= originUs
        ? markup``
        : shape('path', {class: 'until', d: `M${round(xOf(plannedUntilUs))} ${above}V${height - bottom}`}),
      heldBytes === undefined
        ? markup``
        : shape('path', {class: 'held', d: `M${left} ${round(yOf(heldBytes))}H${width - right}`}),
      top === undefined || top.level <= 0.95
        ? markup``
        : shape('path', {class: 'top', d: pathThrough(top.values, futureX(top.values.length), yOf)}),
      shape('path', {class: 'past', d: pathThrough(past, pastX, yOf)}),
      shape('path', {class: 'point', d: pathThrough(median, futureX(median.length), yOf)}),
    ].map((part) => part) satisfies readonly Markup[],
  );
  function tell({quantiles}: CourseOptions): string {
    const now = known(options.past).at(-1);
    const worst = quantiles.at(-1);
    return [
      `${scenario}: ${now === undefined ? 'nothing known' : `${formatBytes(now)} to re-create`} at ${formatInstantUs(originUs)}`,
      worst === undefined
        ? ''
        : `up to ${formatBytes(Math.max(...worst.values))} by ${formatInstantUs(toUs)} at level ${worst.level}`,
      heldBytes === undefined ? '' : `${formatBytes(heldBytes)} held by the plan`,
    ]
      .filter((part) => part !== '')
      .join('; ');
  }
}

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

/** The largest of equally long parts: what counts is whether it was ever above what is held. */
function thinned(values: readonly (number | null)[]): readonly (number | null)[] {
  const points = Math.min(MOST_POINTS, values.length);
  return Array.from({length: points}, (_, index) => {
    const part = values.slice(
      Math.floor((index * values.length) / points),
      Math.floor(((index + 1) * values.length) / points),
    );
    const told = known(part);
    return told.length === 0 ? null : Math.max(...told);
  });
}
