import {type Markup, markup} from '../../charts/index.js';
import {formatBytes, formatInstantUs} from '../../core/index.js';
import type {MonitorDocument} from '../documents/monitor-document.js';
import {firstOf, renderTable} from './table.js';
import {counted, percent} from './words.js';

const MOST_SHORT = 20;

/** What plans promised beside what they kept, and where they fell short. */
export function renderPromises(monitor: MonitorDocument): Markup {
  const {plans} = monitor;
  const title = markup`<h3>Promises of plans</h3>\n`;
  if (plans.length === 0)
    return markup`${title}<p class="note">No plan was held against what happened: <code>foreshadow plan --keep</code> keeps them for that.</p>`;
  return markup`${title}<p>${counted(plans.length, 'plan')} held against what happened, as if applied at once: every scenario at every step, alone. Broken is a promise when the share that could not be repaired is larger than its level allows.</p>
${levelsTable(monitor)}${shortTable(monitor)}`;
}

function levelsTable({promises}: MonitorDocument): Markup {
  if (promises.length === 0)
    return markup`<p class="note">Nothing was promised by them that could be judged yet.</p>\n`;
  return renderTable(
    'Promised and kept, by level',
    [
      {title: 'promised'},
      {title: 'kept', isNumber: true},
      {title: 'scenario-steps', isNumber: true},
      {title: 'kept at every step', isNumber: true},
      {title: 'promise'},
    ],
    promises.map(({level, keptShare, scenarioSteps, cases, keptCases, isBroken}) => [
      ...[percent(level), percent(keptShare), scenarioSteps.toLocaleString('en')],
      `${keptCases.toLocaleString('en')} of ${cases.toLocaleString('en')}`,
      isBroken ? markup`<span class="bad">✗ broken</span>` : markup`<span class="good">✓ kept</span>`,
    ]),
  );
}

/** Scenarios of plans that could not be repaired at some step, the most bytes first. */
function shortTable({plans}: MonitorDocument): Markup {
  const short = plans
    .flatMap(({createdAtUs, scenarios}) =>
      scenarios.flatMap(({scenario, steps, keptSteps, worst}) =>
        worst === undefined ? [] : [{createdAtUs, scenario, steps, keptSteps, worst}],
      ),
    )
    .sort((left, right) => right.worst.stuckBytes - left.worst.stuckBytes);
  if (short.length === 0)
    return markup`<p class="note">Every scenario could be repaired at every step.</p>\n`;
  const {shown, more} = firstOf(short, MOST_SHORT, '"monitor --json" has them all');
  const table = renderTable(
    'Where plans fell short, the most bytes first',
    [
      {title: 'if this had failed'},
      {title: 'plan of'},
      {title: 'steps short', isNumber: true},
      {title: 'of', isNumber: true},
      {title: 'at worst', isNumber: true},
      {title: 'when'},
    ],
    shown.map(({scenario, createdAtUs, steps, keptSteps, worst}) => [
      ...[scenario, formatInstantUs(createdAtUs), steps - keptSteps, steps],
      ...[formatBytes(worst.stuckBytes), formatInstantUs(worst.atUs)],
    ]),
  );
  return markup`${table}${more}`;
}
