import {byteTicks, dayTicks, type Markup, pathThrough, round, shape} from '../../charts/index.js';
import {formatBytes, formatInstantUs, US_PER_SECOND} from '../../core/index.js';
import type {ScenarioCourse, ScenarioCourses} from '../report-data.js';
import {axes, type Frame} from './axes.js';

/** What a plan holds for a scenario, what it reckons is needed, and of which time. */
export interface PlannedFor {
  readonly heldBytes: number;
  readonly requiredBytes: number;
  readonly fromUs: number;
  readonly untilUs: number;
}

const FRAME: Frame = {width: 360, height: 190, left: 58, right: 10, top: 10, bottom: 26};
/** More points than pixels would only make the file larger. */
const MOST_POINTS = 150;

/** Where times and bytes lie in the picture; a forecast's value stands at the end of its step. */
interface Scale {
  readonly fromUs: number;
  readonly originUs: number;
  readonly toUs: number;
  readonly xOf: (atUs: number) => number;
  readonly yOf: (bytes: number) => number;
}

type Values = readonly (number | null)[];

/** Bytes over time: what was, a fan of what is foreseen, and of the plan the lines of what is held and what is needed. */
export function drawCourse(
  course: ScenarioCourse,
  {fromUs, originUs, stepSeconds}: ScenarioCourses,
  planned: PlannedFor | undefined,
): Markup {
  const past = thinned(course.past);
  const paths = new Map(course.quantiles.map(({level, values}) => [level, thinned(values)]));
  const drawn = [...past, ...[...paths.values()].flat()].filter((value) => value !== null);
  const most = 1.05 * Math.max(1, planned?.heldBytes ?? 0, planned?.requiredBytes ?? 0, ...drawn);
  const steps = course.quantiles[0]?.values.length ?? 0;
  const scale = scaleOf({fromUs, originUs, toUs: originUs + steps * stepSeconds * US_PER_SECOND}, most);
  const {toUs, xOf, yOf} = scale;
  const attributes = {
    ...{class: 'chart', viewBox: `0 0 ${FRAME.width} ${FRAME.height}`},
    ...{role: 'img', 'aria-label': tell(course, scale, planned)},
  };
  return shape('svg', attributes, [
    axes(FRAME, {
      vertical: byteTicks(most).map(({at, label}) => ({at: yOf(at), label})),
      horizontal: dayTicks(fromUs, toUs).map(({at, label}) => ({at: xOf(at), label})),
    }),
    ...drawFan(paths, scale),
    upright('now', xOf(originUs)),
    ...(planned === undefined ? [] : drawPlanned(planned, scale)),
    shape('path', {class: 'past', d: pathBetween(past, fromUs, originUs, scale)}),
    shape('path', {class: 'median', d: pathBetween(paths.get(0.5) ?? [], originUs, toUs, scale)}),
  ]);
}

function scaleOf(span: Pick<Scale, 'fromUs' | 'originUs' | 'toUs'>, most: number): Scale {
  const {left, right, width, height, top, bottom} = FRAME;
  return {
    ...span,
    xOf: (atUs) =>
      left + ((atUs - span.fromUs) / Math.max(1, span.toUs - span.fromUs)) * (width - left - right),
    yOf: (bytes) => height - bottom - (bytes / most) * (height - top - bottom),
  };
}

function drawFan(paths: ReadonlyMap<number, Values>, scale: Scale): readonly Markup[] {
  const {originUs, toUs} = scale;
  const band = (look: string, low: number, high: number): Markup => {
    const [lower = [], upper = []] = [paths.get(low), paths.get(high)];
    const there = pathBetween(upper, originUs, toUs, scale);
    const back = pathBetween(lower.toReversed(), toUs, originUs, scale, 0);
    return shape('path', {class: look, d: `${there}${back.replace(/^M/, 'L')}Z`});
  };
  return [band('band wide', 0.05, 0.95), band('band', 0.25, 0.75)];
}

/** Held is a line across; needed is of the plan's own time. */
function drawPlanned(
  {heldBytes, requiredBytes, ...planned}: PlannedFor,
  {fromUs, toUs, xOf, yOf}: Scale,
): readonly Markup[] {
  const [beginUs, endUs] = [Math.max(fromUs, planned.fromUs), Math.min(toUs, planned.untilUs)];
  const isEndInView = planned.untilUs > fromUs && planned.untilUs < toUs;
  const along = (look: string, bytes: number, left: number, right: number): Markup =>
    shape('path', {class: look, d: `M${round(left)} ${round(yOf(bytes))}H${round(right)}`});
  return [
    ...(isEndInView ? [upright('until', xOf(planned.untilUs))] : []),
    along('held', heldBytes, FRAME.left, FRAME.width - FRAME.right),
    ...(endUs > beginUs ? [along('needed', requiredBytes, xOf(beginUs), xOf(endUs))] : []),
  ];
}

function upright(look: string, x: number): Markup {
  return shape('path', {class: look, d: `M${round(x)} ${FRAME.top}V${FRAME.height - FRAME.bottom}`});
}

/** Through values at equal distances, by default each at the end of its part of the time. */
function pathBetween(values: Values, beginUs: number, endUs: number, {xOf, yOf}: Scale, place = 1): string {
  return pathThrough(
    values,
    (index) => xOf(beginUs + ((index + place) / values.length) * (endUs - beginUs)),
    yOf,
  );
}

/** The same in words. */
function tell(
  {scenario, past, quantiles}: ScenarioCourse,
  {originUs, toUs}: Scale,
  planned?: PlannedFor,
): string {
  const now = past.findLast((value) => value !== null);
  const worst = quantiles.at(-1);
  const parts = [
    `${scenario}: ${now === undefined ? 'nothing known' : `${formatBytes(now)} to re-create`} at ${formatInstantUs(originUs)}`,
    ...(worst === undefined
      ? []
      : [
          `foreseen until ${formatInstantUs(toUs)} to reach ${formatBytes(Math.max(...worst.values))} at level ${worst.level}`,
        ]),
    ...(planned === undefined
      ? []
      : [
          `the plan reckons with ${formatBytes(planned.requiredBytes)} until ${formatInstantUs(planned.untilUs)} and holds ${formatBytes(planned.heldBytes)}`,
        ]),
  ];
  return parts.join('; ');
}

/** The largest of equally long parts: what counts is whether it was ever above what is held. */
function thinned(values: Values): Values {
  const points = Math.min(MOST_POINTS, values.length);
  const placeOf = (point: number): number => Math.floor((point * values.length) / points);
  return Array.from({length: points}, (_, point) => {
    const known = values.slice(placeOf(point), placeOf(point + 1)).filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  });
}
