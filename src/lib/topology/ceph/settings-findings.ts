import type {ImportFinding} from '../cluster-importer.js';
import {listSome, plural} from '../list-some.js';
import type {CrushBucket, CrushTree} from './crush-tree.js';
import {CEPH_DEFAULTS, type CephDocuments, type CephSetting} from './documents.js';

type SettingName = keyof typeof CEPH_DEFAULTS;

/** Flags of the cluster under which lost copies are not made again, and why. */
const STOPPING_FLAGS = new Map([
  ['noout', 'OSDs that are down are never marked out, so nothing is re-mirrored by itself'],
  ['nodown', 'OSDs that have failed are not marked down, so nothing is re-mirrored by itself'],
  ['norecover', 'recovery is stopped'],
  ['nobackfill', 'backfill is stopped'],
]);

/** Settings and flags that keep the cluster from re-mirroring a lost boundary by itself: a buffer alone does not help then. */
export function findStoppingSettings(documents: CephDocuments, tree: CrushTree): readonly ImportFinding[] {
  const settings = readSettings(documents.config);
  return [
    ...findUnreadSettings(documents),
    ...findFlags(documents),
    ...findPartFlags(documents),
    ...findSubtreeLimit(settings, tree),
    ...findInRatio(settings, documents, tree),
    ...findInterval(settings),
    ...findRatioOrder(documents),
  ];
}

interface Settings {
  readonly place: string;
  readonly value: (name: SettingName) => string;
}

/** `config show` is what a monitor runs with; of `config dump` the sections of monitors count before the global one. */
function readSettings(config: CephDocuments['config']): Settings {
  const rank = ({section}: CephSetting): number =>
    section === undefined || section.startsWith('mon') ? 1 : section === 'global' ? 0 : -1;
  const counting = (config?.data ?? [])
    .filter((setting) => rank(setting) >= 0)
    .toSorted((left, right) => rank(left) - rank(right));
  const values = new Map(counting.map(({name, value}) => [name, value]));
  return {
    place: config?.source ?? 'default of Ceph',
    value: (name) => values.get(name) ?? CEPH_DEFAULTS[name],
  };
}

function warning(code: string, at: string, place: string, message: string, advice: string): ImportFinding {
  return {severity: 'warning', code, at, place, message, advice};
}

function findUnreadSettings({config, osdDump}: CephDocuments): ImportFinding[] {
  if (config !== undefined) return [];
  const message = `no settings of a monitor were given: the defaults are taken (${Object.entries(
    CEPH_DEFAULTS,
  )
    .map((setting) => setting.join(' '))
    .join(', ')})`;
  const advice = 'add what "ceph config show mon.ID -f json" prints, with the ID of a running monitor';
  return [warning('settings-not-given', 'settings', osdDump.source, message, advice)];
}

function findFlags({osdDump}: CephDocuments): ImportFinding[] {
  return osdDump.data.flags.split(',').flatMap((flag) => {
    const effect = STOPPING_FLAGS.get(flag);
    if (effect === undefined) return [];
    const message = `the flag ${flag} is set: ${effect}`;
    return [warning('flag-set', `flag ${flag}`, osdDump.source, message, `ceph osd unset ${flag}`)];
  });
}

/** The same flags on a bucket, a device class or an OSD. */
function findPartFlags({osdDump}: CephDocuments): ImportFinding[] {
  const {crush_node_flags: ofNodes = {}, device_class_flags: ofClasses = {}, osds} = osdDump.data;
  const ofOsds = osds.map(({osd, state = []}) => [`osd.${osd}`, state] as const);
  const parts = [...Object.entries(ofNodes), ...Object.entries(ofClasses), ...ofOsds];
  return parts.flatMap(([name, flags]) =>
    flags.flatMap((flag) => {
      const effect = STOPPING_FLAGS.get(flag.toLowerCase());
      if (effect === undefined) return [];
      const message = `the flag ${flag} is set on ${name}: there, ${effect}`;
      return [
        warning('flag-set', `flag ${flag}`, osdDump.source, message, `ceph osd unset-group ${flag} ${name}`),
      ];
    }),
  );
}

/**
 * A monitor marks no OSD out whose whole bucket of this type, or of a larger one, is down (OSDMap.cc,
 * containing_subtree_is_down: it climbs from the OSD for as long as all below is down).
 */
function findSubtreeLimit(settings: Settings, tree: CrushTree): ImportFinding[] {
  const name = 'mon_osd_down_out_subtree_limit';
  const limit = settings.value(name);
  const rank = tree.typeIdOf(limit);
  if (rank === undefined) return [];
  const held = tree.buckets
    .filter(({typeId}) => typeId >= rank)
    .flatMap((bucket) => boundariesAround(bucket, tree));
  const ids = [...new Set(held)].sort(byKindAndName);
  if (ids.length === 0) return [];
  const message = `${name} is ${limit}: the loss of ${listSome(ids)} as a whole is not re-mirrored by itself`;
  const byHand = 'mark its OSDs out by hand when it happens (ceph osd out ...)';
  const advice =
    limit === 'root'
      ? byHand
      : `ceph config set mon ${name} root, if such a loss is to be re-mirrored without anybody; otherwise ${byHand}`;
  return [warning('not-by-itself', `setting ${name}`, settings.place, message, advice)];
}

/** Boundaries whose loss takes the bucket as a whole: itself, and what holds or is all that is in it. */
function boundariesAround(bucket: CrushBucket, tree: CrushTree): string[] {
  const osds = tree.osdsIn(bucket);
  const [first] = osds;
  if (first === undefined) return [];
  const around = first.ancestors.filter((candidate) => {
    const inside = new Set(tree.osdsIn(candidate).map(({id}) => id));
    return candidate.type !== 'root' && osds.every(({id}) => inside.has(id));
  });
  return around.map(boundaryId);
}

function boundaryId({type, name}: CrushBucket): string {
  return `${type}/${name}`;
}

function byKindAndName(left: string, right: string): number {
  return left.localeCompare(right, 'en', {numeric: true});
}

/**
 * Before each OSD that it marks out a monitor asks whether at least this share of all OSDs is in (OSDMonitor.cc,
 * can_mark_out); of a boundary of L in-OSDs the last is marked out when (in - L + 1) / all >= ratio.
 */
function findInRatio(settings: Settings, {osdDump}: CephDocuments, tree: CrushTree): ImportFinding[] {
  const name = 'mon_osd_min_in_ratio';
  const ratio = Number(settings.value(name));
  const all = osdDump.data.osds.length;
  const isIn = new Set(osdDump.data.osds.filter((osd) => osd.in === 1).map(({osd}) => osd));
  const countIn = (bucket: CrushBucket): number => tree.osdsIn(bucket).filter(({id}) => isIn.has(id)).length;
  const held = tree.buckets
    .filter(({type}) => type !== 'root')
    .filter((bucket) => countIn(bucket) > 0 && isIn.size - countIn(bucket) + 1 < ratio * all - 1e-9);
  if (held.length === 0) return [];
  const most = Math.max(Math.floor(isIn.size - ratio * all + 1e-9) + 1, 0);
  const ids = held.map(boundaryId).sort(byKindAndName);
  const message =
    `${name} is ${ratio}: with ${isIn.size} of ${plural(all, 'OSD')} in, at most ${most} more are marked out by ` +
    `themselves, so the loss of ${listSome(ids)} is re-mirrored in part only`;
  const advice = `ceph config set mon ${name} to less than the share that is left after the largest such loss`;
  return [warning('not-by-itself', `setting ${name}`, settings.place, message, advice)];
}

function findInterval(settings: Settings): ImportFinding[] {
  const name = 'mon_osd_down_out_interval';
  if (Number(settings.value(name)) > 0) return [];
  const message = `${name} is ${settings.value(name)}: OSDs that are down are never marked out by themselves`;
  return [
    warning('not-by-itself', `setting ${name}`, settings.place, message, `ceph config set mon ${name} 600`),
  ];
}

function findRatioOrder({osdDump}: CephDocuments): ImportFinding[] {
  const {full_ratio: full, backfillfull_ratio: backfillfull} = osdDump.data;
  if (backfillfull <= full) return [];
  const message = `backfillfull_ratio (${backfillfull.toFixed(2)}) is above full_ratio (${full.toFixed(2)}): writes stop first`;
  const advice = 'ceph osd set-backfillfull-ratio to less than the full ratio';
  return [warning('ratios-out-of-order', 'ratio backfillfull', osdDump.source, message, advice)];
}
