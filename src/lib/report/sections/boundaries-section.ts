import type {Plan} from '../../allocation/index.js';
import {type Markup, markup} from '../../charts/index.js';
import {formatDurationRoughly, US_PER_SECOND} from '../../core/index.js';
import {drawCourse, type PlannedFor} from '../charts/draw-course.js';
import {key} from '../charts/key.js';
import type {ReportData, ScenarioCourses} from '../report-data.js';
import {absent, type Section} from './section.js';

/** What each risk boundary needed, is foreseen to need, and what is held for it, over time. */
export function boundariesSection({courses, plan}: ReportData): Section {
  const content =
    courses === undefined
      ? absent('needs over time', 'foreshadow report --topology cluster.yaml')
      : renderCourses(courses, plan);
  return {id: 'boundaries', title: 'Held against needed', content};
}

function renderCourses(found: ScenarioCourses, plan: Plan | undefined): Markup {
  const {courses, model, originUs, stepSeconds} = found;
  const plannedOf = plan === undefined ? () => undefined : plannedBy(plan, originUs);
  const pictures = courses.map(
    (course) =>
      markup`<figure><figcaption>${course.scenario}</figcaption>${drawCourse(course, found, plannedOf(course.scenario))}</figure>\n`,
  );
  const seconds = (courses[0]?.quantiles[0]?.values.length ?? 0) * stepSeconds;
  const lines =
    plan &&
    ' Compare the two lines of the plan: what it holds on the hosts that remain, and what it reckons is needed over its own horizon.';
  return markup`<p>What would have to be re-created if a boundary failed: the bytes of all its replicas, as they were and as ${model} foresees them for ${formatDurationRoughly(seconds)}. Bands are quantiles of the sum.${lines}</p>
${renderLegend(plan && spanOf(plan, originUs).untilUs < originUs + seconds * US_PER_SECOND)}
<div class="figures">
${pictures}</div>
${plan && tellEstimates(plan)}${plan && tellHidden(plan.boundaries.length - courses.length)}`;
}

/** Why a band may reach above what a plan holds that is feasible. */
function tellEstimates({launches}: Plan): Markup {
  const beside = launches ? 'holds for volumes to come beside that' : 'does not reckon with volumes to come';
  return markup`<p class="note">Bands and plan are two estimates, and a band may reach above what a plan holds that covers all it reckons with: bands tell of each step how far the sum may be off, learned from how past forecasts of the sum erred, also by volumes that were new then; the plan reckons with the peaks of the volumes that are there, from how those erred together, and ${beside}.</p>\n`;
}

function plannedBy(plan: Plan, originUs: number): (scenario: string) => PlannedFor | undefined {
  const rows = new Map(plan.boundaries.map((row) => [row.scenario, row]));
  const span = spanOf(plan, originUs);
  return (scenario) => {
    const row = rows.get(scenario);
    return row && {heldBytes: row.heldBytes, requiredBytes: row.requiredBytes, ...span};
  };
}

/** A plan foresees from the end of the data on, which is before it was made when they are old. */
function spanOf({createdAt, settings}: Plan, originUs: number): Pick<PlannedFor, 'fromUs' | 'untilUs'> {
  const fromUs = Math.min(originUs, Date.parse(createdAt) * 1000);
  return {fromUs, untilUs: fromUs + settings.horizonSeconds * US_PER_SECOND};
}

function tellHidden(count: number): Markup {
  if (count <= 0) return markup``;
  return markup`<p class="note">And ${count} more scenarios, with more slack, of one host, or without a volume that is known: the table below has them.</p>`;
}

/** `hasEnd`: whether the end of the plan's horizon is in the picture; undefined without a plan. */
function renderLegend(hasEnd: boolean | undefined): Markup {
  const keys = [
    key(markup`<path class="past" d="M0 5H24"/>`, 'was'),
    key(markup`<path class="median" d="M0 5H24"/>`, 'foreseen, median'),
    key(
      markup`<rect class="band wide" width="24" height="10"/><rect class="band" y="3" width="24" height="4"/>`,
      'bands of 90 % and 50 %',
    ),
    ...(hasEnd === undefined
      ? []
      : [
          key(markup`<path class="held" d="M0 5H24"/>`, 'held by the plan'),
          key(markup`<path class="needed" d="M0 5H24"/>`, 'needed, as the plan reckons'),
        ]),
    ...(hasEnd === true ? [key(markup`<path class="until" d="M12 0V10"/>`, 'end of its horizon')] : []),
  ];
  return markup`<ul class="legend">${keys}</ul>`;
}
