import {formatBytes} from '../../core/index.js';
import type {ImportFinding} from '../cluster-importer.js';
import {listSome, plural} from '../list-some.js';
import type {CephOsd, CrushTree} from './crush-tree.js';
import type {CephDocuments} from './documents.js';
import type {CephPlaces} from './places.js';
import type {PlacementGroup} from './placement-groups.js';

/** Shares above which use beside copies is told: of the copies, and of all space. */
const TOLD_OVERHEAD_SHARE = 0.2;
const TOLD_CAPACITY_SHARE = 0.01;

interface State {
  readonly documents: CephDocuments;
  readonly tree: CrushTree;
  readonly groups: readonly PlacementGroup[];
  readonly places: CephPlaces;
}

/** What is not as it should be at the moment of the dump, so that the topology holds for this moment only. */
export function findState(state: State): readonly ImportFinding[] {
  return [
    ...findClosedOsds(state),
    ...findStrays(state),
    ...findUnsettled(state),
    ...findLost(state),
    ...findOverhead(state),
    ...findOtherDocuments(state),
  ];
}

/** OSDs that take no further copies, by the first reason that holds. */
function findClosedOsds({documents, tree, places}: State): ImportFinding[] {
  const reasons: readonly (readonly [string, string, string, (osd: CephOsd) => boolean])[] = [
    ['osd-down', 'down', 'start it, or replace it; then import again', ({isUp}) => !isUp],
    ['osd-out', 'out', 'ceph osd in, if it is to take copies again; then import again', ({isIn}) => !isIn],
    [
      'osd-without-weight',
      'without weight',
      'ceph osd crush reweight, if it is to take copies',
      ({isOpen}) => !isOpen,
    ],
    [
      'osd-without-space',
      'without space',
      'wait until it tells its space',
      ({capacityBytes}) => capacityBytes === 0,
    ],
    [
      'osd-without-rule',
      'chosen by no rule of a pool',
      'check its place in the CRUSH tree and its device class',
      () => true,
    ],
  ];
  let left = tree.osds.filter((osd) => !places.takesMore(osd));
  return reasons.flatMap(([code, what, advice, holds]): ImportFinding[] => {
    const osds = left.filter(holds);
    left = left.filter((osd) => !holds(osd));
    if (osds.length === 0) return [];
    const holding = osds.filter(({id}) => places.placeOf(id) !== undefined).length;
    const rest = osds.length - holding;
    const still = [
      ...(holding === 0 ? [] : [`${holding} with copies still, in the topology as full`]),
      ...(rest === 0 ? [] : [`${rest} not in the topology`]),
    ].join(', ');
    const message = `${plural(osds.length, 'OSD')} ${what}: ${listSome(
      osds.map(({name}) => name),
      5,
    )}: ${still}`;
    const at = osds[0]?.name ?? '';
    return [{severity: 'warning', code, at, place: documents.osdDf.source, message, advice}];
  });
}

function findStrays({documents, groups, places}: State): ImportFinding[] {
  const stray = documents.osdDf.data.stray?.map(({id}) => id) ?? [];
  const unknown = groups.flatMap(({osds}) => osds).filter((osd) => places.placeOf(osd) === undefined);
  const ids = [...new Set([...stray, ...unknown])]
    .sort((left, right) => left - right)
    .map((id) => `osd.${id}`);
  if (ids.length === 0) return [];
  const message = `${plural(ids.length, 'OSD')} in no CRUSH bucket: ${listSome(ids, 5)}: not in the topology, and copies on them do not count`;
  const advice = 'ceph osd crush add, or ceph osd purge; then import again';
  return [
    {
      severity: 'warning',
      code: 'stray-osd',
      at: ids[0] ?? '',
      place: documents.osdDf.source,
      message,
      advice,
    },
  ];
}

function isSettled({state}: PlacementGroup): boolean {
  const parts = state.split('+');
  return parts.includes('active') && parts.includes('clean') && !parts.includes('remapped');
}

function findUnsettled({documents, groups}: State): ImportFinding[] {
  const unsettled = groups.filter((group) => !isSettled(group));
  if (unsettled.length === 0) return [];
  const copies = unsettled.map(({pool, osds}) => Math.max(pool.size - osds.length, 0));
  const missing = copies.reduce((sum, count) => sum + count, 0);
  const missingBytes = unsettled.reduce(
    (sum, {bytesPerCopy}, at) => sum + bytesPerCopy * (copies[at] ?? 0),
    0,
  );
  const states = [...new Set(unsettled.map(({state}) => state))];
  const message =
    `${unsettled.length} of ${plural(groups.length, 'placement group')} are on their way (${listSome(states)}): ` +
    `${missing} copies, ${formatBytes(missingBytes)} in all, are still to be made on what is left, and no plan counts them`;
  const advice = 'import again when all are active+clean';
  const place = documents.pgDump.source;
  return [{severity: 'warning', code: 'not-clean', at: unsettled[0]?.id ?? '', place, message, advice}];
}

function findLost({documents, groups, places}: State): ImportFinding[] {
  const lost = groups.filter(({osds}) => !osds.some((osd) => places.placeOf(osd) !== undefined));
  if (lost.length === 0) return [];
  const names = listSome(lost.map(({id}) => id));
  const message = `${plural(lost.length, 'placement group')} with no OSD at all: ${names}: left out`;
  const advice = 'bring back an OSD that holds them (ceph pg query); then import again';
  const place = documents.pgDump.source;
  return [{severity: 'error', code: 'no-copy', at: lost[0]?.id ?? '', place, message, advice}];
}

function findOverhead({documents, tree, groups, places}: State): ImportFinding[] {
  const osds = tree.osds.filter((osd) => places.takesMore(osd));
  const ids = new Set(osds.map(({id}) => id));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const heldBytes = sum(
    groups.map(({osds: on, bytesPerCopy}) => bytesPerCopy * on.filter((id) => ids.has(id)).length),
  );
  const overheadBytes = sum(osds.map(({contentBytes}) => contentBytes)) - heldBytes;
  const capacityBytes = sum(osds.map((osd) => osd.capacityBytes));
  const isTold =
    overheadBytes > TOLD_OVERHEAD_SHARE * heldBytes && overheadBytes > TOLD_CAPACITY_SHARE * capacityBytes;
  if (!isTold) return [];
  const share =
    heldBytes === 0 ? '' : ` (${((100 * overheadBytes) / heldBytes).toFixed(0)}% more than the copies)`;
  const message = `data and omap take ${formatBytes(overheadBytes)} beside the bytes of placement groups${share}: a copy that is made again takes that share too`;
  const advice =
    'lower fillLimit by that share, or look for omap, small objects and snapshots that are being trimmed';
  return [
    {
      severity: 'warning',
      code: 'use-beside-copies',
      at: 'cluster',
      place: documents.osdDf.source,
      message,
      advice,
    },
  ];
}

function findOtherDocuments({documents}: State): ImportFinding[] {
  return documents.others.map((source): ImportFinding => ({
    severity: 'warning',
    code: 'not-read',
    at: source,
    place: source,
    message: 'none of the documents that are read: left aside',
    advice: 'leave it out; foreshadow topology import ceph --help lists the commands',
  }));
}
