import type {Plan} from '../../allocation/index.js';
import {type Markup, markup} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import type {ReportData, ScenarioCut} from '../report-data.js';
import {slackOf, tightestFirst} from './scenario-slack.js';
import {absent, type Section} from './section.js';
import {firstOf, renderTable} from './table.js';
import {counted, percent, signedBytes, someOf} from './words.js';

const MOST_SCENARIOS = 300;
const MOST_HOSTS_NAMED = 6;

/** Every failure scenario: what it needs, what is held for it, and where space would run out first. */
export function scenariosSection({plan, tightest = []}: ReportData): Section {
  const content =
    plan === undefined
      ? absent('failure scenarios', 'foreshadow plan --out plan.json')
      : renderScenarios(plan, tightest);
  return {id: 'scenarios', title: 'Failure scenarios', content};
}

function renderScenarios(plan: Plan, tightest: readonly ScenarioCut[]): Markup {
  const cuts = new Map(tightest.map((cut) => [cut.scenario, cut]));
  const uncovered = new Map(plan.uncovered.map((cut) => [cut.scenario, cut.message]));
  const {shown, more} = firstOf(
    tightestFirst(plan.boundaries),
    MOST_SCENARIOS,
    'the plan file lists them all',
  );
  const table = renderTable(
    'Failure scenarios, the least slack first',
    [
      {title: 'if this fails'},
      {title: 'repaired'},
      {title: 'slack', isNumber: true},
      {title: 'needed', isNumber: true},
      {title: 'held outside', isNumber: true},
      {title: 'hosts', isNumber: true},
      {title: 'where space runs out first', isText: true},
    ],
    shown.map((row) => [
      row.scenario,
      uncovered.has(row.scenario)
        ? markup`<span class="bad">✗ no</span>`
        : markup`<span class="good">✓ yes</span>`,
      signedBytes(slackOf(row)),
      formatBytes(row.requiredBytes),
      formatBytes(row.heldBytes),
      row.hosts.length,
      uncovered.get(row.scenario) ?? tellCut(cuts.get(row.scenario), plan.hosts.length - row.hosts.length),
    ]),
  );
  return markup`<p>Slack: what is held outside of the hosts that fail, less what the policy asks for; of a scenario that is not covered, the bytes that find no place. It can lie where not every copy may go: the last column names the volumes and hosts that would lack space first if all demand grew alike.</p>
${table}${more}${coverageTable(plan)}`;
}

function tellCut(cut: ScenarioCut | undefined, remainingHosts: number): string {
  if (cut === undefined) return '-';
  const {volumes, hosts, demandBytes, heldBytes} = cut;
  const growth = percent(heldBytes / demandBytes - 1, 1);
  const where =
    hosts.length === remainingHosts
      ? `all ${counted(remainingHosts, 'host')} that remain`
      : someOf(hosts, MOST_HOSTS_NAMED);
  return `${counted(volumes.length, 'volume')} with ${formatBytes(demandBytes)} on ${where}, which hold ${formatBytes(heldBytes)}: at ${growth} more`;
}

/** What was promised, and how often that was kept at past origins. */
function coverageTable({coverage = []}: Plan): Markup {
  if (coverage.length === 0) return markup``;
  return renderTable(
    'What the plan promises, tried at past origins',
    [
      {title: 'boundaries'},
      {title: 'promised', isNumber: true},
      {title: 'kept', isNumber: true},
      {title: 'of', isNumber: true},
      {title: 'worst miss', isNumber: true},
    ],
    coverage.map(({kind, level, factor, kept, of, worstShortBytes}) => [
      kind,
      level === undefined ? `${factor ?? 1} x median` : percent(level),
      of === 0 ? '-' : percent(kept / of),
      of,
      worstShortBytes === 0 ? '-' : formatBytes(worstShortBytes),
    ]),
  );
}
