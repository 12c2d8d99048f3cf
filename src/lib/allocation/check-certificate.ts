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
 * a surviving host of the volume's tier, apart from the surviving and the other new copies of its volume, within the
 * reserve of the host, which lies within fill limit x capacity - used; and no volume loses every copy.
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
  const volumesOn = listVolumes(topology);
  const volumeIndex = new Map(topology.volumes.map(({id}, index) => [id, index]));
  topology.scenarios.forEach(({id}, scenario) => {
    const placements = given.get(id);
    given.delete(id);
    if (placements)
      checkScenario({
        claim,
        scenario,
        placements,
        hostIndex,
        volumeIndex,
        volumesOn,
        boundariesOf,
        violations,
      });
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

/** For each host the boundaries that it lies in, by index, each with its kind. */
function listBoundaries(topology: Topology): readonly ReadonlyMap<number, string>[] {
  const boundariesOf = topology.hosts.map(() => new Map<number, string>());
  topology.boundaries.forEach(({kind, hosts}, index) => {
    for (const host of hosts) boundariesOf[host]?.set(index, kind);
  });
  return boundariesOf;
}

/** For each host the indices of the volumes that have a copy on it. */
function listVolumes(topology: Topology): readonly (readonly number[])[] {
  const volumesOn = topology.hosts.map((): number[] => []);
  topology.volumes.forEach(({replicas}, index) => {
    for (const host of new Set(replicas)) volumesOn[host]?.push(index);
  });
  return volumesOn;
}

interface ScenarioCheck {
  readonly claim: CertificateClaim;
  readonly scenario: number;
  readonly placements: readonly (readonly [string, string])[];
  readonly hostIndex: ReadonlyMap<string, number>;
  readonly volumeIndex: ReadonlyMap<string, number>;
  readonly volumesOn: ReturnType<typeof listVolumes>;
  readonly boundariesOf: ReturnType<typeof listBoundaries>;
  readonly violations: CertificateViolation[];
}

function checkScenario(check: ScenarioCheck): void {
  const {claim, scenario, volumeIndex, volumesOn, violations} = check;
  const {topology} = claim;
  const failure = topology.scenarios[scenario];
  const failed = new Set(failure?.hosts);
  const refuse = (message: string): void => {
    violations.push({scenario: failure?.id ?? '', message});
  };
  const targetsOf = collectTargets(check, failed, refuse);
  for (const id of targetsOf.keys()) if (!volumeIndex.has(id)) refuse(`there is no volume ${id}`);
  const load = new Map<number, number>();
  const damaged = [...failed].flatMap((host) => volumesOn[host] ?? []);
  const placed = [...targetsOf.keys()].flatMap((id) => volumeIndex.get(id) ?? []);
  for (const index of new Set([...damaged, ...placed])) {
    const volume = topology.volumes[index];
    if (volume === undefined) continue;
    const targets = targetsOf.get(volume.id) ?? [];
    checkCopies(check, volume, {failed, targets}, refuse);
    const size = Math.ceil((claim.volumeBytes[index] ?? NaN) * (claim.scenarioFactor[scenario] ?? NaN));
    for (const host of targets) load.set(host, (load.get(host) ?? 0) + size);
  }
  checkLoads(check, load, refuse);
}

function checkLoads(
  {claim, hostIndex}: ScenarioCheck,
  load: ReadonlyMap<number, number>,
  refuse: (message: string) => void,
): void {
  for (const [name, host] of hostIndex) {
    const bytes = load.get(host) ?? 0;
    const reserve = claim.reserveBytes[host] ?? NaN;
    if (!(bytes <= reserve)) refuse(`host ${name} would take ${bytes} bytes, its reserve is ${reserve}`);
  }
}

function checkCopies(
  check: ScenarioCheck,
  volume: Volume,
  {failed, targets}: {readonly failed: ReadonlySet<number>; readonly targets: readonly number[]},
  refuse: (message: string) => void,
): void {
  const survivors = volume.replicas.filter((host) => !failed.has(host));
  const lost = volume.replicas.length - survivors.length;
  if (lost > 0 && survivors.length === 0) refuse(`volume ${volume.id} loses every copy`);
  else if (targets.length !== lost) {
    refuse(`volume ${volume.id} loses ${lost} copies, but ${targets.length} are placed`);
  }
  refuseTogether(check, volume, {survivors, targets}, refuse);
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

/** Each new copy against the survivors and the new copies before it; on a host of the volume's tier. */
function refuseTogether(
  {claim, boundariesOf}: ScenarioCheck,
  volume: Volume,
  {survivors, targets}: {readonly survivors: readonly number[]; readonly targets: readonly number[]},
  refuse: (message: string) => void,
): void {
  const nameOf = (host: number): string => claim.topology.hosts[host]?.id ?? '';
  const machineOf = (host: number): string => claim.topology.hosts[host]?.partOf ?? nameOf(host);
  targets.forEach((host, at) => {
    if (volume.tier !== undefined && claim.topology.hosts[host]?.tier !== volume.tier) {
      refuse(`volume ${volume.id} of tier ${volume.tier} would have a copy on ${nameOf(host)}`);
    }
    for (const other of [...survivors, ...targets.slice(0, at)]) {
      const shared = sharedKind(boundariesOf[host], boundariesOf[other], volume);
      if (machineOf(host) === machineOf(other)) {
        refuse(`volume ${volume.id} would have two copies on host ${machineOf(host)}`);
      } else if (shared !== undefined) {
        const pair = `${nameOf(host)} and ${nameOf(other)}`;
        refuse(`volume ${volume.id} would have copies on ${pair}, which share a ${shared}`);
      }
    }
  });
}

function sharedKind(
  left: ReadonlyMap<number, string> | undefined,
  right: ReadonlyMap<number, string> | undefined,
  {antiAffinity}: Volume,
): string | undefined {
  for (const [index, kind] of left ?? []) {
    if (antiAffinity.includes(kind) && right?.has(index)) return kind;
  }
  return undefined;
}
