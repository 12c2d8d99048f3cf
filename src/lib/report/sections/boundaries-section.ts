import {type Markup, markup} from '../../charts/index.js';
import {formatDurationRoughly, US_PER_SECOND} from '../../core/index.js';
import {drawCourse} from '../charts/draw-course.js';
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

function renderCourses(courses: ScenarioCourses, plan: ReportData['plan']): Markup {
  const rows = new Map(plan?.boundaries.map((row) => [row.scenario, row]));
  const horizonUs = (plan?.settings.horizonSeconds ?? 0) * US_PER_SECOND;
  const pictures = courses.courses.map((course) => {
    const heldBytes = rows.get(course.scenario)?.heldBytes;
    const picture = drawCourse({
      ...course,
      fromUs: courses.fromUs,
      originUs: courses.originUs,
      stepSeconds: courses.stepSeconds,
      heldBytes,
      plannedUntilUs: plan === undefined ? undefined : Date.parse(plan.createdAt) * 1000 + horizonUs,
    });
    return markup`<figure><figcaption>${course.scenario}</figcaption>${picture}</figure>\n`;
  });
  const levels = courses.courses[0]?.quantiles.map(({level}) => level) ?? [];
  return markup`<p>What would have to be re-created if a boundary failed: the bytes of all its replicas, as they were and as ${courses.model} foresees them (${courses.courses[0] === undefined ? '' : formatDurationRoughly(courses.courses[0].point.length * courses.stepSeconds)}), against what the plan holds on the hosts that remain. Quantiles are of the sum. Where the band reaches the held line, the plan no longer covers it.</p>
${renderLegend(levels, plan !== undefined)}
<div class="figures">
${pictures}</div>`;
}

function renderLegend(levels: readonly number[], hasPlan: boolean): Markup {
  const top = levels.at(-1);
  const swatch = (content: Markup): Markup =>
    markup`<svg class="swatch" viewBox="0 0 24 10" aria-hidden="true">${content}</svg>`;
  return markup`<p class="legend">${swatch(markup`<path class="past" d="M0 5H24"/>`)} was
${swatch(markup`<path class="point" d="M0 5H24"/>`)} foreseen
${swatch(markup`<rect class="band wide" width="24" height="10"/><rect class="band" y="3" width="24" height="4"/>`)} 90 % and 50 % bands
${top === undefined || top <= 0.95 ? markup`` : markup`${swatch(markup`<path class="top" d="M0 5H24"/>`)} quantile ${percent(top)}`}
${hasPlan ? markup`${swatch(markup`<path class="held" d="M0 5H24"/>`)} held by the plan ${swatch(markup`<path class="until" d="M12 0V10"/>`)} end of its horizon` : markup``}</p>`;
}
