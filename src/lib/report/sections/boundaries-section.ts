import type {Plan} from '../../allocation/index.js';
import {type Markup, markup} from '../../charts/index.js';
import {formatDurationRoughly, US_PER_SECOND} from '../../core/index.js';
import {drawCourse, type HeldFor, WIDEST_LEVEL} from '../charts/draw-course.js';
import {key} from '../charts/key.js';
import type {ReportData, ScenarioCourses} from '../report-data.js';
import {absent, type Section} from './section.js';
import {percent} from './words.js';

/** What each risk boundary needed, is foreseen to need, and what is held for it, over time. */
export function boundariesSection({courses, plan}: ReportData): Section {
  const content =
    courses === undefined
      ? absent('needs over time', 'foreshadow report --topology cluster.yaml')
      : renderCourses(courses, plan);
  return {id: 'boundaries', title: 'Held against needed', content};
}

function renderCourses(found: ScenarioCourses, plan: Plan | undefined): Markup {
  const {courses, model, stepSeconds} = found;
  const heldOf = plan === undefined ? () => undefined : heldBy(plan);
  const pictures = courses.map(
    (course) =>
      markup`<figure><figcaption>${course.scenario}</figcaption>${drawCourse(course, found, heldOf(course.scenario))}</figure>\n`,
  );
  const quantiles = courses[0]?.quantiles ?? [];
  const seconds = (quantiles[0]?.values.length ?? 0) * stepSeconds;
  return markup`<p>What would have to be re-created if a boundary failed: the bytes of all its replicas, as they were and as ${model} foresees them for ${formatDurationRoughly(seconds)}. Quantiles are of the sum.${plan && ' The line is what the plan holds on the hosts that remain: where what is foreseen comes to it, the plan no longer suffices.'}</p>
${renderLegend(quantiles.at(-1)?.level, plan && horizonEndUs(plan) <= found.originUs + seconds * US_PER_SECOND)}
<div class="figures">
${pictures}</div>
${plan && tellHidden(plan.boundaries.length - courses.length)}`;
}

function heldBy(plan: Plan): (scenario: string) => HeldFor | undefined {
  const held = new Map(plan.boundaries.map(({scenario, heldBytes}) => [scenario, heldBytes]));
  const plannedUntilUs = horizonEndUs(plan);
  return (scenario) => {
    const heldBytes = held.get(scenario);
    return heldBytes === undefined ? undefined : {heldBytes, plannedUntilUs};
  };
}

function horizonEndUs({createdAt, settings}: Plan): number {
  return Date.parse(createdAt) * 1000 + settings.horizonSeconds * US_PER_SECOND;
}

function tellHidden(count: number): Markup {
  if (count <= 0) return markup``;
  return markup`<p class="note">And ${count} more scenarios, with more slack, of one host, or without a volume that is known: the table below has them.</p>`;
}

/** `hasEnd`: whether the end of the plan's horizon is in the picture; undefined without a plan. */
function renderLegend(highest: number | undefined, hasEnd: boolean | undefined): Markup {
  const keys = [
    key(markup`<path class="past" d="M0 5H24"/>`, 'was'),
    key(markup`<path class="median" d="M0 5H24"/>`, 'foreseen, median'),
    key(
      markup`<rect class="band wide" width="24" height="10"/><rect class="band" y="3" width="24" height="4"/>`,
      'bands of 90 % and 50 %',
    ),
    ...(highest !== undefined && highest > WIDEST_LEVEL
      ? [key(markup`<path class="top" d="M0 5H24"/>`, `level of the plan, ${percent(highest)}`)]
      : []),
    ...(hasEnd === undefined ? [] : [key(markup`<path class="held" d="M0 5H24"/>`, 'held by the plan')]),
    ...(hasEnd === true ? [key(markup`<path class="until" d="M12 0V10"/>`, 'end of its horizon')] : []),
  ];
  return markup`<ul class="legend">${keys}</ul>`;
}
