/**
 * The independent checker. It reads a topology, sizes, reserves and placements by name, and shares no code with what
 * made them: no compiled topology, no flow, no host sets. Keep it so.
 */
import type {Topology, Volume} from '../topology/index.js';

/** What is claimed: with these reserves every scenario can be repaired, and here is how. */
export interface CertificateClaim {
  readonly topology: Topology;
  /** In scenario s one replica of volume v holds `ceil(volumeBytes[v] * scenarioFactor[s])` bytes. */
  readonly volumeBytes: ArrayLike<number>;
  readonly scenarioFactor: ArrayLike<number>;
  /** Bytes used on each host without the reserve. */
  readonly hostUsedBytes: ArrayLike<number>;
  readonly reserveBytes: ArrayLike<number>;
  /** Volume and the host that takes its lost copy; a volume that loses two copies is there twice. */
  readonly certificate: readonly {
    readonly scenario: string;
    readonly placements: readonly (readonly [volume: string, host: string])[];
  }[];
}

/** Why a claim is refused. */
export interface CertificateViolation {
  /** Empty for what is wrong in every scenario. */
  readonly scenario: string;
  readonly message: string;
}

/**
 * Every violation of the claim; none means that it holds: each lost copy that has a survivor is placed exactly once, on
 * a surviving host, apart from the surviving and the other new copies of its volume, within the reserve of the host,
 * which lies within fill limit x capacity - used; and no volume loses every copy.
 */
export function checkCertificate(claim: CertificateClaim): readonly CertificateViolation[] {
  const violations: CertificateViolation[] = [];
  const {topology} = claim;
  checkReserves(claim, violations);
  const given = new Map<string, (readonly [string, string])[]>();
  for (const {scenario, placements} of claim.certificate) {
    if (given.has(scenario)) violations.push({scenario, message: 'the scenario is there twice'});
    given.set(scenario, [...placements]);
  }
  const hostIndex = new Map(topology.hosts.map(({id}, index) => [id, index]));
  const boundariesOf = listBoundaries(topology);
  topology.scenarios.forEach(({id}, scenario) => {
    const placements = given.get(id);
    given.delete(id);
    if (placements) checkScenario({claim, scenario, placements, hostIndex, boundariesOf, violations});
    else violations.push({scenario: id, message: 'the scenario has no placement'});
  });
  for (const scenario of given.keys())
    violations.push({scenario, message: 'the topology has no such scenario'});
  return violations;
}

function checkReserves(claim: CertificateClaim, violations: CertificateViolation[]): void {
  const {topology, hostUsedBytes, reserveBytes} = claim;
  topology.hosts.forEach(({id, capacityBytes}, host) => {
    const reserve = reserveBytes[host] ?? NaN;
    const most = topology.fillLimit * capacityBytes - (hostUsedBytes[host] ?? NaN);
    if (reserve === 0 || (reserve > 0 && reserve <= most)) return;
    violations.push({scenario: '', message: `host ${id} cannot hold ${reserve} bytes: ${most} are left`});
  });
}

/** For each host the boundaries that it lies in, as `kind` and index. */
function listBoundaries(topology: Topology): readonly (readonly {kind: string; index: number}[])[] {
  return topology.hosts.map((_, host) =>
    topology.boundaries.flatMap(({kind, hosts}, index) => (hosts.includes(host) ? [{kind, index}] : [])),
  );
}

interface ScenarioCheck {
  readonly claim: CertificateClaim;
  readonly scenario: number;
  readonly placements: readonly (readonly [string, string])[];
  readonly hostIndex: ReadonlyMap<string, number>;
  readonly boundariesOf: ReturnType<typeof listBoundaries>;
  readonly violations: CertificateViolation[];
}

function checkScenario(check: ScenarioCheck): void {
  const {claim, scenario, hostIndex, violations} = check;
  const failure = claim.topology.scenarios[scenario];
  const failed = new Set(failure?.hosts);
  const refuse = (message: string): void => {
    violations.push({scenario: failure?.id ?? '', message});
  };
  const targetsOf = collectTargets(check, failed, refuse);
  const load = new Map<number, number>();
  claim.topology.volumes.forEach((volume, index) => {
    const targets = targetsOf.get(volume.id) ?? [];
    targetsOf.delete(volume.id);
    const survivors = volume.replicas.filter((host) => !failed.has(host));
    const lost = volume.replicas.length - survivors.length;
    if (lost > 0 && survivors.length === 0) refuse(`volume ${volume.id} loses every copy`);
    else if (targets.length !== lost) {
      refuse(`volume ${volume.id} loses ${lost} copies, but ${targets.length} are placed`);
    }
    refuseTogether(check, volume, {survivors, targets}, refuse);
    const size = Math.ceil((claim.volumeBytes[index] ?? NaN) * (claim.scenarioFactor[scenario] ?? NaN));
    for (const host of targets) load.set(host, (load.get(host) ?? 0) + size);
  });
  for (const volume of targetsOf.keys()) refuse(`there is no volume ${volume}`);
  for (const [name, host] of hostIndex) {
    const bytes = load.get(host) ?? 0;
    const reserve = claim.reserveBytes[host] ?? NaN;
    if (!(bytes <= reserve)) refuse(`host ${name} would take ${bytes} bytes, its reserve is ${reserve}`);
  }
}

/** Hosts named for each volume; those that are unknown or have failed are refused. */
function collectTargets(
  {placements, hostIndex}: ScenarioCheck,
  failed: ReadonlySet<number>,
  refuse: (message: string) => void,
): Map<string, number[]> {
  const targetsOf = new Map<string, number[]>();
  for (const [volume, name] of placements) {
    const host = hostIndex.get(name);
    if (host === undefined) refuse(`volume ${volume} is placed on ${name}, which is no host`);
    else if (failed.has(host)) refuse(`volume ${volume} is placed on ${name}, which has failed`);
    else targetsOf.set(volume, [...(targetsOf.get(volume) ?? []), host]);
  }
  return targetsOf;
}

/** Each new copy against the survivors and the new copies before it. */
function refuseTogether(
  {claim, boundariesOf}: ScenarioCheck,
  volume: Volume,
  {survivors, targets}: {readonly survivors: readonly number[]; readonly targets: readonly number[]},
  refuse: (message: string) => void,
): void {
  targets.forEach((host, at) => {
    for (const other of [...survivors, ...targets.slice(0, at)]) {
      const [left, right] = [claim.topology.hosts[host]?.id, claim.topology.hosts[other]?.id];
      if (host === other) refuse(`volume ${volume.id} would have two copies on host ${left ?? ''}`);
      const shared = boundariesOf[host]?.find(
        ({kind, index}) =>
          volume.antiAffinity.includes(kind) && boundariesOf[other]?.some((own) => own.index === index),
      );
      if (shared === undefined || host === other) continue;
      refuse(
        `volume ${volume.id} would have copies on ${left ?? ''} and ${right ?? ''}, which share a ${shared.kind}`,
      );
    }
  });
}
