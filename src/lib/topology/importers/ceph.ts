/**
 * A topology of what Ceph says about itself (documents: ../ceph/documents.ts).
 *
 * - hosts are the host buckets of the CRUSH tree, their OSDs are devices: a place is `HOST/osd.N`. Labels are the buckets above,
 *   by type (`rack: rack0`), so boundaries are `rack/rack0`, `host/HOST` and `device/HOST/osd.N`;
 * - a volume is a placement group, which is what re-mirrors as one: `POOL/PGID`, its replicas are the acting OSDs and each holds
 *   num_bytes. What re-mirrors when a boundary is lost is then exactly the sum of num_bytes of the groups in it;
 * - antiAffinity is the failure domain of the pool's rule, tier its device class;
 * - fillLimit is backfillfull_ratio, at which an OSD takes no more copies.
 */
import {InputError, parseInstantUs} from '../../core/index.js';
import {readCrushTree} from '../ceph/crush-tree.js';
import {type CephDocuments, type CephPool, readCephDocuments} from '../ceph/documents.js';
import {type PlacementGroup, readPlacementGroups} from '../ceph/placement-groups.js';
import {type CephPlaces, listPlaces} from '../ceph/places.js';
import {type PlacementRule, readPlacementRule} from '../ceph/placement-rules.js';
import {findPoolLimits} from '../ceph/pool-findings.js';
import {findStoppingSettings} from '../ceph/settings-findings.js';
import {findState} from '../ceph/state-findings.js';
import type {CrushTree} from '../ceph/crush-tree.js';
import type {ClusterImporter, ImportedCluster, JsonDocument} from '../cluster-importer.js';
import type {LocatedList, RawVolume} from '../raw-topology.js';

/** Reads the documents above. */
export const cephImporter: ClusterImporter = {
  name: 'ceph',
  summary: 'what ceph osd df tree, osd dump, osd crush rule dump, pg dump and config show print with -f json',
  read: readCeph,
};

function readCeph(given: readonly JsonDocument[]): ImportedCluster {
  const documents = readCephDocuments(given);
  const tree = readCrushTree(documents);
  const {rules, ruleOf} = readRulesInUse(documents, tree);
  const groups = readPlacementGroups(documents);
  const places = listPlaces(tree, rules, groups, documents.osdDf.source);
  const kinds = new Set(places.hosts.flatMap(({labels}) => labels.map(({kind}) => kind.text)));
  const volumes = groups.flatMap((group) => toVolume(group, {documents, places, ruleOf, kinds}));
  const {stamp} = documents.pgDump.data.pg_map;
  const known = new Set(volumes.map(({id}) => id?.text));
  return {
    raw: {
      source: documents.osdDf.source,
      fillLimit: {at: documents.osdDump.source, text: String(fillLimitOf(documents))},
      hostBoundaries: undefined,
      hosts: places.hosts,
      boundaries: undefined,
      scenarios: [],
      volumes,
      faults: [],
    },
    samples: groups
      .filter(({id}) => known.has(id))
      .map(({id, bytesPerCopy}) => ({volume: id, usedBytes: bytesPerCopy})),
    sampledAtUs:
      stamp === undefined ? undefined : parseInstantUs(stamp.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')),
    findings: [
      ...findStoppingSettings(documents, tree),
      ...findPoolLimits({documents, tree, groups, places, ruleOf, kinds}),
      ...findState({documents, tree, groups, places}),
    ],
  };
}

/** Ratios are kept in 32 bits: 0.9 comes as 0.8999999761581421. */
function fillLimitOf({osdDump}: CephDocuments): number {
  const {backfillfull_ratio: backfillfull, full_ratio: full} = osdDump.data;
  return Math.min(Number(Math.min(backfillfull, full).toFixed(6)), 1);
}

function readRulesInUse(
  {osdDump, rules}: CephDocuments,
  tree: CrushTree,
): {readonly rules: readonly PlacementRule[]; readonly ruleOf: (pool: CephPool) => PlacementRule} {
  const used = new Set(osdDump.data.pools.map(({crush_rule: id}) => id));
  const read = rules.data
    .filter(({rule_id: id}) => used.has(id))
    .map((rule) => readPlacementRule(rule, tree));
  const byId = new Map(read.map((rule) => [rule.id, rule]));
  const ruleOf = ({pool_name: name, crush_rule: id}: CephPool): PlacementRule => {
    const rule = byId.get(id);
    if (rule !== undefined) return rule;
    throw new InputError(
      'unknown-rule',
      `${osdDump.source}: pool ${name} has rule ${id}, which ${rules.source} does not have`,
      {
        hints: ['take all dumps of one cluster at about the same time'],
      },
    );
  };
  for (const pool of osdDump.data.pools) ruleOf(pool);
  return {rules: read, ruleOf};
}

interface VolumeContext {
  readonly documents: CephDocuments;
  readonly places: CephPlaces;
  readonly ruleOf: (pool: CephPool) => PlacementRule;
  readonly kinds: ReadonlySet<string>;
}

/** None where no copy lies on an OSD of the tree, which is a finding. */
function toVolume(
  {id, pool, osds, bytesPerCopy}: PlacementGroup,
  {documents, places, ruleOf, kinds}: VolumeContext,
): RawVolume[] {
  const at = documents.pgDump.source;
  const replicas = osds.map((osd) => places.placeOf(osd)).filter((place) => place !== undefined);
  if (replicas.length === 0) return [];
  const rule = ruleOf(pool);
  const {tier} = places.tierOf(rule);
  const listOf = (texts: readonly string[]): LocatedList => ({at, values: texts.map((text) => ({at, text}))});
  return [
    {
      at,
      id: {at, text: id},
      replicas: listOf(replicas),
      antiAffinity: kinds.has(rule.domain) ? listOf([rule.domain]) : undefined,
      tier: tier === undefined ? undefined : {at, text: tier},
      provisioned: undefined,
      used: {at, text: String(bytesPerCopy)},
    },
  ];
}
