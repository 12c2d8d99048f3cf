import type {Plan} from '../../allocation/index.js';
import {type Markup, markup} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {firstOf, renderTable} from './table.js';

const MOST_WAITING = 100;

/** What the plan does not cover, who waits for space, and what would mend it. */
export function uncoveredSection({plan}: ReportData): Section {
  const content =
    plan === undefined ? absent('the plan', 'foreshadow plan --out plan.json') : renderUncovered(plan);
  return {id: 'uncovered', title: 'What is not covered', content};
}

function renderUncovered(plan: Plan): Markup {
  const {uncovered, cures = [], warnings = [], boundaries} = plan;
  const nothing = markup`<p class="good">✓ Nothing: each of ${boundaries.length} failure scenarios has a place for every copy.</p>`;
  return markup`${
    uncovered.length === 0
      ? nothing
      : markup`<ul class="bad">
${uncovered.map(({message}) => markup`<li>✗ ${message}</li>\n`)}</ul>`
  }
${cures.length === 0 ? markup`` : markup`<h3>What would mend it</h3><ul>${cures.map(({message}) => markup`<li>${message}</li>\n`)}</ul>`}
${relaxedSentence(plan)}
${waitingTable(plan)}
${warnings.length === 0 ? markup`` : markup`<h3>Assumed or passed over</h3><ul>${warnings.map((warning) => markup`<li>${warning}</li>\n`)}</ul>`}`;
}

function relaxedSentence({relaxed, boundaries}: Plan): Markup {
  if (relaxed === undefined) return markup``;
  const {strictBytes, strictUncovered, relaxedBytes, relaxedUncovered} = relaxed;
  const repaired = (uncovered: readonly string[]): string =>
    `${boundaries.length - uncovered.length} of ${boundaries.length}`;
  return markup`<p>With anti-affinity kept, ${formatBytes(strictBytes)} repair ${repaired(strictUncovered)} scenarios; broken to heal, ${formatBytes(relaxedBytes)} repair ${repaired(relaxedUncovered)}.</p>`;
}

function waitingTable({waiting}: Plan): Markup {
  if (waiting === undefined || waiting.volumes.length === 0) return markup``;
  const {shown, more} = firstOf(waiting.volumes, MOST_WAITING, 'the plan file lists them all');
  const {growth, access} = waiting.weights;
  const table = renderTable(
    'Who waits for a place, first come those with more growth and access',
    [
      {title: 'volume'},
      {title: 'if this fails'},
      {title: 'bytes', isNumber: true},
      {title: 'priority', isNumber: true},
      {title: 'growth', isNumber: true},
      {title: 'requests/s', isNumber: true},
    ],
    shown.map(({volume, scenario, bytes, score, growthBytes, accessPerSecond}) => [
      ...[volume, scenario, formatBytes(bytes), score.toFixed(2)],
      ...[formatBytes(growthBytes), accessPerSecond.toFixed(2)],
    ]),
  );
  return markup`${table}${more}<p class="note">Priority: growth ${growth}, access ${access}.</p>`;
}
