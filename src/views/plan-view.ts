import {formatBytes, formatDurationRoughly} from '../lib/core/index.js';
import type {PlanSummary} from '../lib/workflows/plan-buffer.js';
import {tellLaunches} from './launches-line.js';
import {tellSuddenGrowth} from './sudden-growth-line.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

type Plan = PlanSummary['plan'];

/** Host boundaries beyond this many are left out of the table unless something is stuck. */
const MOST_QUIET_ROWS = 30;
const MOST_WAITING_ROWS = 20;

/** What each boundary needs, each host holds and changes, what is not covered; then the verdict. */
export async function renderPlan({plan, out, kept}: PlanSummary): Promise<string> {
  const parts = [
    await boundaryTable(plan),
    await hostTable(plan),
    await coverageTable(plan),
    plan.uncovered.map(({message}) => `${paint.bad('not covered:')} ${printable(message)}`).join('\n'),
    await waitingTable(plan),
    alternatives(plan),
    tellHorizon(plan),
    tellLaunches(plan.launches, plan.settings.level),
    tellSuddenGrowth(plan.suddenGrowth),
    verdict(plan, out),
    kept === undefined ? '' : `${kept.isNew ? 'kept' : 'was kept before'}: ${printable(kept.path)}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

async function boundaryTable({boundaries}: Plan): Promise<string> {
  const isQuiet = ({scenario, stuckBytes}: Plan['boundaries'][number]): boolean =>
    scenario.startsWith('host/') && stuckBytes === 0;
  const shown = boundaries.length > MOST_QUIET_ROWS ? boundaries.filter((row) => !isQuiet(row)) : boundaries;
  const table = await renderTable(
    [
      {title: 'if this fails'},
      {title: 'hosts', align: 'right'},
      {title: 'to re-create', align: 'right'},
      {title: 'required', align: 'right'},
      {title: 'held outside', align: 'right'},
      {title: 'stuck', align: 'right'},
      {title: 'why'},
    ],
    shown.map((row) => [
      row.scenario,
      String(row.hosts.length),
      formatBytes(row.demandBytes),
      formatBytes(row.requiredBytes),
      formatBytes(row.heldBytes),
      row.stuckBytes === 0 ? '-' : formatBytes(row.stuckBytes),
      row.reason,
    ]),
  );
  const hidden = boundaries.length - shown.length;
  return hidden === 0
    ? table
    : `${table}\n(and ${hidden} hosts, each repaired when it fails alone; --json lists them)`;
}

async function hostTable({hosts, changes}: Plan): Promise<string> {
  const actions = new Map(changes.map(({host, action}) => [host, action]));
  return renderTable(
    [
      {title: 'host'},
      {title: 'capacity', align: 'right'},
      {title: 'predicted', align: 'right'},
      {title: 'room', align: 'right'},
      {title: 'held now', align: 'right'},
      {title: 'to hold', align: 'right'},
      {title: 'change'},
      {title: 'why'},
    ],
    hosts.map((row) => [
      row.host,
      formatBytes(row.capacityBytes),
      formatBytes(row.predictedUsedBytes),
      formatBytes(row.roomBytes),
      formatBytes(row.currentReserveBytes),
      formatBytes(row.reserveBytes),
      actions.get(row.host) ?? '-',
      row.reason,
    ]),
  );
}

/** Who is not covered, in the order in which they would be if there were more space. */
async function waitingTable({waiting}: Plan): Promise<string> {
  if (waiting === undefined || waiting.volumes.length === 0) return '';
  const {weights, volumes} = waiting;
  const table = await renderTable(
    [
      {title: 'if this fails'},
      {title: 'waits for a place'},
      {title: 'bytes', align: 'right'},
      {title: 'priority', align: 'right'},
      {title: 'growth', align: 'right'},
      {title: 'requests/s', align: 'right'},
    ],
    volumes
      .slice(0, MOST_WAITING_ROWS)
      .map(({scenario, volume, bytes, score, growthBytes, accessPerSecond}) => [
        scenario,
        volume,
        formatBytes(bytes),
        score.toFixed(2),
        formatBytes(growthBytes),
        accessPerSecond.toFixed(2),
      ]),
  );
  const hidden = volumes.length - MOST_WAITING_ROWS;
  const more = hidden > 0 ? `\n(and ${hidden} more; --json lists them)` : '';
  return `${table}${more}\n(priority: growth ${weights.growth}, access ${weights.access}; those with more are covered first)`;
}

/** What would be cured, and both answers side by side: the rule kept, the rule broken to heal. */
function alternatives({cures = [], relaxed, boundaries}: Plan): string {
  const told = cures.map(({message}) => `${paint.strong('cure:')} ${printable(message)}`);
  if (relaxed === undefined) return told.join('\n');
  const answer = (name: string, heldBytes: number, uncovered: number): string =>
    `${name}: ${formatBytes(heldBytes)}, ${boundaries.length - uncovered} of ${boundaries.length} scenarios repaired`;
  const {strictBytes, strictUncovered, relaxedBytes, relaxedUncovered} = relaxed;
  const sides = [
    answer('anti-affinity kept', strictBytes, strictUncovered.length),
    answer('broken to heal', relaxedBytes, relaxedUncovered.length),
  ];
  return [...told, sides.join('; ')].join('\n');
}

/** What was promised, and how often that was kept at past origins. */
async function coverageTable({coverage = [], settings}: Plan): Promise<string> {
  if (coverage.length === 0) return '';
  const table = await renderTable(
    [
      {title: 'boundaries'},
      {title: 'promised', align: 'right'},
      {title: 'kept in backtest', align: 'right'},
      {title: 'of', align: 'right'},
      {title: 'worst miss', align: 'right'},
    ],
    coverage.map(({kind, level, factor, kept, of, worstShortBytes}) => [
      kind,
      level === undefined ? `${factor ?? 1} x median` : percent(level),
      percent(kept / of),
      String(of),
      worstShortBytes === 0 ? '-' : formatBytes(worstShortBytes),
    ]),
  );
  return settings.costs === undefined ? table : `${table}\n${tellCosts(settings.costs)}`;
}

/** Where levels come from that were made of costs. */
function tellCosts({named = {}, ...all}: NonNullable<Plan['settings']['costs']>): string {
  const tell = ({short, idle}: {readonly short: number; readonly idle: number}): string =>
    `${short} : ${idle}`;
  const others = Object.entries(named).map(([name, costs]) => `; ${printable(name)} ${tell(costs)}`);
  return `(promised by what a byte costs, too few : too many = ${tell(all)}${others.join('')})`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))}%`;
}

/** What the horizon is made of, where it was not stated. */
function tellHorizon({horizon, settings}: Plan): string {
  if (horizon === undefined) return '';
  const {leadSeconds, reviewSeconds, repairSeconds, recoveryBytesPerSecond, hostCount} = horizon;
  const parts = [
    `lead ${formatDurationRoughly(leadSeconds)}`,
    `review ${formatDurationRoughly(reviewSeconds)}`,
    `repair ${formatDurationRoughly(repairSeconds)}`,
  ];
  const repair =
    horizon.scenario === ''
      ? 'nothing is to be re-created'
      : `${printable(horizon.scenario)}: ${formatBytes(horizon.demandBytes)} on ${hostCount} hosts at ${formatBytes(recoveryBytesPerSecond)}/s each`;
  return `horizon ${formatDurationRoughly(settings.horizonSeconds)}: ${parts.join(' + ')} (${repair})`;
}

function verdict(
  {feasible, policy, hosts, boundaries, uncovered, changes, expiresAt}: Plan,
  out: string | undefined,
): string {
  const total = (bytesOf: (row: Plan['hosts'][number]) => number): string =>
    formatBytes(hosts.reduce((sum, row) => sum + bytesOf(row), 0));
  const held = `${policy}: ${total(({reserveBytes}) => reserveBytes)} to hold, ${total(({currentReserveBytes}) => currentReserveBytes)} held now, ${changes.length} changes`;
  const uncoveredCount = new Set(uncovered.map(({scenario}) => scenario)).size;
  const word = feasible
    ? paint.good(`feasible: each of ${boundaries.length} scenarios can be repaired, checked copy by copy`)
    : paint.bad(`not feasible: ${uncoveredCount} of ${boundaries.length} scenarios are not covered`);
  const where =
    out === undefined ? 'no plan file: add --out FILE' : `${printable(out)}, good until ${expiresAt}`;
  return `${held}\n${word}\n${where}`;
}
