import {type Diagnostic, formatBytes} from '../core/index.js';
import {hostsIn, hostSetOf, without} from './host-set.js';
import {listSome, plural} from './list-some.js';
import {createLossTable, type LossTable} from './remirror-losses.js';
import type {NameSort} from './locate-names.js';
import type {Topology, Volume} from './topology.js';

/** Something in a topology that a plan cannot mend, or that its reader should know first. */
export interface LintFinding extends Diagnostic {
  /** What it is about, and its name: a boundary kind, a boundary, a scenario, a host or a volume. */
  readonly about: NameSort;
  readonly at: string;
  readonly advice: string;
}

/** Every finding of every rule; errors first, otherwise in the order of the topology. */
export function lintTopology(topology: Topology): readonly LintFinding[] {
  const table = createLossTable(topology);
  const findings = [
    ...lintDomains(topology),
    ...lintScenarios(topology, table),
    ...lintPlacement(topology, table),
    ...lintLabels(topology),
    ...lintBoundaries(topology),
    ...lintFill(topology),
    ...lintVolumes(topology),
  ];
  return [
    ...findings.filter(({severity}) => severity === 'error'),
    ...findings.filter(({severity}) => severity === 'warning'),
  ];
}

type Subject = readonly [about: NameSort, at: string];

function error(code: string, [about, at]: Subject, message: string, advice: string): LintFinding {
  return {severity: 'error', code, about, at, message, advice};
}

function warning(code: string, [about, at]: Subject, message: string, advice: string): LintFinding {
  return {severity: 'warning', code, about, at, message, advice};
}

/** Lists of volumes under a text key. */
function groupVolumes(
  volumes: readonly Volume[],
  keysOf: (volume: Volume) => readonly string[],
): Map<string, Volume[]> {
  const groups = new Map<string, Volume[]>();
  for (const volume of volumes) {
    for (const key of keysOf(volume)) {
      const group = groups.get(key);
      if (group) group.push(volume);
      else groups.set(key, [volume]);
    }
  }
  return groups;
}

/**
 * A kind with D classes and volumes of r copies kept apart in it: D - r classes are left for a copy after a loss
 * (allocation-maths section 2). Hosts outside every class of the kind each count as a class of their own.
 */
function lintDomains(topology: Topology): LintFinding[] {
  const groups = groupVolumes(topology.volumes, ({replicas, antiAffinity, tier}) =>
    antiAffinity.map((kind) => `${replicas.length}\0${kind}\0${tier ?? ''}`),
  );
  return [...groups].flatMap(([key, volumes]) => {
    const kind = key.split('\0')[1] ?? '';
    const copies = volumes[0]?.replicas.length ?? 0;
    const tier = volumes[0]?.tier;
    const classes = countClasses(topology, kind, tier);
    const left = classes - copies;
    if (left > 1) return [];
    const within = tier === undefined ? '' : ` of tier ${tier}`;
    const who = `${plural(volumes.length, 'volume')}${within} with ${copies} replicas kept apart by ${kind}, of which there are ${classes}`;
    const names = listSome(volumes.map(({id}) => id));
    const advice = `add a ${kind}, keep fewer replicas, or drop ${kind} from antiAffinity`;
    return left <= 0
      ? [
          error(
            'never-repairable',
            ['kind', kind],
            `${who}: never repairable after a loss, whatever is free: ${names}`,
            advice,
          ),
        ]
      : [
          warning(
            'one-class-left',
            ['kind', kind],
            `${who}: exactly one ${kind} is left to repair on: ${names}`,
            advice,
          ),
        ];
  });
}

/** Boundaries of the kind that have a place of the tier, and such places in no boundary of the kind, by host. */
function countClasses(topology: Topology, kind: string, tier: string | undefined): number {
  const isOfTier = (host: number): boolean => tier === undefined || topology.hosts[host]?.tier === tier;
  const own = topology.boundaries.filter(
    (boundary) => boundary.kind === kind && boundary.hosts.some(isOfTier),
  );
  const inside = new Set(own.flatMap(({hosts}) => hosts));
  const outside = [...topology.hosts.keys()].filter((host) => isOfTier(host) && !inside.has(host));
  return own.length + new Set(outside.map((host) => machineOf(topology, host))).size;
}

function machineOf({hosts}: Topology, host: number): string {
  return hosts[host]?.partOf ?? hosts[host]?.id ?? '';
}

/** Data loss, and losses that no host may take. */
function lintScenarios(topology: Topology, table: LossTable): LintFinding[] {
  const everyHost = hostSetOf(topology.hosts.keys(), topology.hosts.length);
  const names = (volumes: Iterable<number>): string[] =>
    [...volumes].map((index) => topology.volumes[index]?.id ?? '');
  return topology.scenarios.flatMap((scenario) => {
    const {volumes, blockedSet, lostVolumes} = table.losses(scenario);
    const alive = without(everyHost, hostSetOf(scenario.hosts, topology.hosts.length));
    const hasTarget = new Map<number, boolean>();
    const stuck = volumes.filter((_, index) => {
      const set = blockedSet[index] ?? 0;
      const blocked = table.blockedSets[set];
      if (!hasTarget.has(set) && blocked)
        hasTarget.set(
          set,
          without(alive, blocked).some((word) => word !== 0),
        );
      return hasTarget.get(set) === false;
    });
    const findings: LintFinding[] = [];
    if (lostVolumes.length > 0) {
      const message = `every copy is lost at once of ${plural(lostVolumes.length, 'volume')}: ${listSome(names(lostVolumes))}`;
      findings.push(
        error('data-loss', ['scenario', scenario.id], message, 'place one copy outside, or keep more copies'),
      );
    }
    if (stuck.length > 0) {
      const message = `no host is left that may take the lost copy of ${plural(stuck.length, 'volume')}: ${listSome(names(stuck))}`;
      const advice = 'add hosts outside the boundaries of the copies that are left, or relax antiAffinity';
      findings.push(error('no-eligible-target', ['scenario', scenario.id], message, advice));
    }
    return findings;
  });
}

function lintPlacement(topology: Topology, table: LossTable): LintFinding[] {
  return topology.volumes.flatMap(({id, replicas, antiAffinity, tier}, volume) => {
    const elsewhere = replicas.filter((host) => tier !== undefined && topology.hosts[host]?.tier !== tier);
    if (elsewhere.length > 0) {
      const names = elsewhere.map(
        (host) => `${topology.hosts[host]?.id ?? ''} (${topology.hosts[host]?.tier ?? 'no tier'})`,
      );
      const message = `a volume of tier ${tier ?? ''} has copies on ${names.join(', ')}`;
      return [error('wrong-tier', ['volume', id], message, 'move them, or correct the tier')];
    }
    for (const [index, host] of replicas.entries()) {
      const near = new Set(hostsIn(table.apartFrom(volume, host)));
      const other = replicas.find((candidate, at) => at > index && near.has(candidate));
      if (other === undefined) continue;
      const shared = topology.boundaries.filter(
        ({kind, hosts}) => antiAffinity.includes(kind) && hosts.includes(host) && hosts.includes(other),
      );
      const [first, second] = [topology.hosts[host]?.id ?? '', topology.hosts[other]?.id ?? ''];
      const common = shared.length > 0 ? shared.map((boundary) => boundary.id) : [machineOf(topology, host)];
      const message = `the replicas on ${first} and ${second} share ${common.join(', ')}`;
      return [error('rule-broken', ['volume', id], message, 'move one of them')];
    }
    return [];
  });
}

function lintLabels(topology: Topology): LintFinding[] {
  const kinds = new Set(topology.hosts.flatMap(({labels}) => [...labels.keys()]));
  const declared = new Set(topology.boundaries.map(({kind}) => kind));
  return [...kinds].flatMap((kind) => {
    const counts = topology.hosts.map(({id, partOf = id, labels}) => {
      return {id: partOf, count: labels.get(kind)?.length ?? 0};
    });
    const idsWith = (count: number): string[] => [
      ...new Set(counts.filter((host) => host.count === count).map(({id}) => id)),
    ];
    const [none, single] = [idsWith(0), idsWith(1)];
    const findings: LintFinding[] = [];
    if (!declared.has(kind)) {
      const message = `hosts are labelled with ${kind}, but it is not a boundary kind: its loss is not planned for`;
      findings.push(
        warning('kind-not-a-boundary', ['kind', kind], message, `add {kind: ${kind}} to boundaries`),
      );
    } else if (none.length > 0) {
      const message = `no ${kind} is given for ${plural(none.length, 'host')}: ${listSome(none)}`;
      findings.push(warning('unlabelled-host', ['kind', kind], message, `label them with their ${kind}`));
    }
    if (single.length > 0 && counts.some(({count}) => count > 1)) {
      const message = `a single ${kind} where others have several for ${plural(single.length, 'host')}: ${listSome(single)}`;
      findings.push(warning('single-supply', ['kind', kind], message, `connect them to a second ${kind}`));
    }
    return findings;
  });
}

function lintBoundaries(topology: Topology): LintFinding[] {
  return topology.boundaries
    .filter(({hosts, members}) => (members ?? hosts).length === 0)
    .map(({id}) =>
      warning(
        'empty-boundary',
        ['boundary', id],
        'the boundary matches no host',
        'check the names of its hosts',
      ),
    );
}

/** By the use that the topology itself states; what the shadow store knows is not looked at here. */
function lintFill(topology: Topology): LintFinding[] {
  const used = topology.hosts.map(({otherUsedBytes}) => otherUsedBytes);
  for (const {replicas, usedBytes} of topology.volumes) {
    for (const host of replicas) used[host] = (used[host] ?? 0) + (usedBytes ?? 0);
  }
  return topology.hosts.flatMap(({id, capacityBytes}, host) => {
    const usedBytes = used[host] ?? 0;
    const limitBytes = capacityBytes * topology.fillLimit;
    if (usedBytes <= limitBytes) return [];
    const share = capacityBytes === 0 ? '' : ` (${((100 * usedBytes) / capacityBytes).toFixed(0)}%)`;
    const message = `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)} are used${share}, the fill limit is ${formatBytes(limitBytes)}`;
    return usedBytes > capacityBytes
      ? [
          error(
            'over-capacity',
            ['host', id],
            message,
            'check capacity and use: a host cannot hold more than it has',
          ),
        ]
      : [
          warning(
            'over-fill-limit',
            ['host', id],
            message,
            'it can take no copies: move volumes away or add capacity',
          ),
        ];
  });
}

function lintVolumes(topology: Topology): LintFinding[] {
  return topology.volumes.flatMap(({id, usedBytes, provisionedBytes}) => {
    if (usedBytes === undefined || provisionedBytes === undefined || usedBytes <= provisionedBytes) return [];
    const message = `${formatBytes(usedBytes)} are used, but only ${formatBytes(provisionedBytes)} provisioned`;
    return [warning('used-over-provisioned', ['volume', id], message, 'check the two numbers')];
  });
}
