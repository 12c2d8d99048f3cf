import type {Plan} from '../../allocation/index.js';
import {type Markup, markup} from '../../charts/index.js';
import {formatBytes, sum} from '../../core/index.js';
import {drawHost} from '../charts/draw-host.js';
import {key} from '../charts/key.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {firstOf, renderTable} from './table.js';
import {counted, signedBytes} from './words.js';

const MOST_HOSTS = 300;

/** What the plan changes on each host, and why; hosts that change most first. */
export function changesSection({plan}: ReportData): Section {
  const content =
    plan === undefined ? absent('changes', 'foreshadow plan --out plan.json') : renderChanges(plan);
  return {id: 'changes', title: 'Hosts and changes', content};
}

function renderChanges(plan: Plan): Markup {
  const {hosts, changes} = plan;
  const reasons = new Map(changes.map(({host, reason}) => [host, reason]));
  const changeOf = ({reserveBytes, currentReserveBytes}: Plan['hosts'][number]): number =>
    reserveBytes - currentReserveBytes;
  const sorted = hosts.toSorted((left, right) => Math.abs(changeOf(right)) - Math.abs(changeOf(left)));
  const {shown, more} = firstOf(sorted, MOST_HOSTS, 'the plan file lists them all');
  const largestBytes = Math.max(1, ...hosts.map(({capacityBytes}) => capacityBytes));
  const moved = (action: 'allocate' | 'deallocate'): string => {
    const those = changes.filter((change) => change.action === action);
    const bytes = sum(those.map(({fromBytes, toBytes}) => Math.abs(toBytes - fromBytes)));
    return `${counted(those.length, 'host')} ${action} ${formatBytes(bytes)}`;
  };
  const table = renderTable(
    'Hosts, the largest change first',
    [
      {title: 'host'},
      {title: 'held now', isNumber: true},
      {title: 'to hold', isNumber: true},
      {title: 'change', isNumber: true},
      {title: 'of its capacity'},
      {title: 'why', isText: true},
    ],
    shown.map((row) => [
      row.host,
      formatBytes(row.currentReserveBytes),
      formatBytes(row.reserveBytes),
      changeOf(row) === 0 ? 'none' : signedBytes(changeOf(row)),
      drawHost(row, largestBytes),
      reasons.get(row.host) ?? row.reason,
    ]),
  );
  return markup`<p>${moved('allocate')}; ${moved('deallocate')}. The plan was made at ${plan.createdAt} and may be applied until ${plan.expiresAt}.</p>
<ul class="legend">${[
    key(markup`<rect class="use" width="24" height="10"/>`, 'foreseen use'),
    key(markup`<rect class="reserve" width="24" height="10"/>`, 'to hold'),
    key(markup`<path class="limit" d="M12 0V10"/>`, 'most that may be filled'),
  ]}</ul>
${table}${more}`;
}
