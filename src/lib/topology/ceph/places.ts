import {groupBy} from '../../core/index.js';
import {type NamedTiers, nameTiers} from '../name-tiers.js';
import type {Located, RawDevice, RawHost} from '../raw-topology.js';
import type {CephOsd, CrushBucket, CrushTree} from './crush-tree.js';
import type {PlacementGroup} from './placement-groups.js';
import type {PlacementRule} from './placement-rules.js';

/** The OSDs as places for copies. */
export interface CephPlaces {
  readonly hosts: readonly RawHost[];
  /** `HOST/osd.N`, or `osd.N` where it is in no host; undefined: it is left out. */
  readonly placeOf: (osd: number) => string | undefined;
  /** Tiers of the rules that pools use. */
  readonly tierOf: NamedTiers<CephOsd>['ofRule'];
  /** Whether it may get further copies. */
  readonly takesMore: (osd: CephOsd) => boolean;
}

/**
 * Places are the OSDs that a rule in use may choose, and those that hold a copy: the ones that take nothing more (down, out,
 * without weight, outside every rule) are full, so that no plan counts on their space.
 */
export function listPlaces(
  tree: CrushTree,
  rules: readonly PlacementRule[],
  groups: readonly PlacementGroup[],
  source: string,
): CephPlaces {
  const heldBytes = sumHeld(groups);
  const takesMore = (osd: CephOsd): boolean =>
    osd.isOpen && osd.capacityBytes > 0 && (rules.length === 0 || rules.some((rule) => rule.allows(osd)));
  const places = tree.osds.filter((osd) => takesMore(osd) || heldBytes.has(osd.id));
  const tiers = nameTiers(places.filter(takesMore), rules, ({deviceClass}) => deviceClass);
  const placeIds = new Map(places.map((osd) => [osd.id, placeId(osd)]));
  const located = (text: string): Located => ({at: source, text});
  const toDevice = (osd: CephOsd): RawDevice => {
    const tier = tiers.ofPlace(osd);
    const {capacityBytes, otherUsedBytes} = spaceOf(osd, heldBytes.get(osd.id) ?? 0, takesMore(osd));
    return {
      at: source,
      id: located(osd.name),
      capacity: located(String(capacityBytes)),
      otherUsed: located(String(otherUsedBytes)),
      tier: tier === undefined ? undefined : located(tier),
    };
  };
  const hosts = groupBy(places, (osd) => hostBucketOf(osd)?.name ?? osd.name);
  return {
    hosts: [...hosts].map(([name, osds]) => toHost(located(name), osds, toDevice)),
    placeOf: (id) => placeIds.get(id),
    tierOf: tiers.ofRule,
    takesMore,
  };
}

function sumHeld(groups: readonly PlacementGroup[]): ReadonlyMap<number, number> {
  const heldBytes = new Map<number, number>();
  for (const {osds, bytesPerCopy} of groups) {
    for (const osd of osds) heldBytes.set(osd, (heldBytes.get(osd) ?? 0) + bytesPerCopy);
  }
  return heldBytes;
}

/**
 * What is not a copy is other use: metadata, omap, what allocation rounds up, copies that are on their way. `ceph osd df`
 * tells no space of an OSD that is out.
 */
function spaceOf(
  {capacityBytes, usedBytes}: CephOsd,
  heldBytes: number,
  takesMore: boolean,
): {readonly capacityBytes: number; readonly otherUsedBytes: number} {
  if (takesMore) return {capacityBytes, otherUsedBytes: Math.max(usedBytes - heldBytes, 0)};
  const full = Math.max(capacityBytes, heldBytes);
  return {capacityBytes: full, otherUsedBytes: full - heldBytes};
}

function hostBucketOf({ancestors}: CephOsd): CrushBucket | undefined {
  return ancestors.find(({type}) => type === 'host');
}

function placeId(osd: CephOsd): string {
  const host = hostBucketOf(osd);
  return host === undefined ? osd.name : `${host.name}/${osd.name}`;
}

/** A host with its OSDs as devices; an OSD that is in no host is one by itself. */
function toHost(id: Located, osds: readonly CephOsd[], toDevice: (osd: CephOsd) => RawDevice): RawHost {
  const [first] = osds;
  const labels = first === undefined ? [] : labelsOf(first, id.at);
  const [alone] = osds.filter((osd) => hostBucketOf(osd) === undefined);
  if (alone !== undefined) return {...toDevice(alone), labels, devices: []};
  const none = {capacity: undefined, otherUsed: undefined, tier: undefined};
  return {at: id.at, id, ...none, labels, devices: osds.map(toDevice)};
}

/** Buckets above the host, by type; a root is what all hang in, not what fails. */
function labelsOf(osd: CephOsd, source: string): RawHost['labels'] {
  const hostRank = hostBucketOf(osd)?.typeId ?? 0;
  const above = osd.ancestors.filter(({type, typeId}) => typeId > hostRank && type !== 'root');
  return [...groupBy(above, ({type}) => type)].map(([type, buckets]) => ({
    kind: {at: source, text: type},
    values: buckets.map(({name}) => ({at: source, text: name})),
  }));
}
