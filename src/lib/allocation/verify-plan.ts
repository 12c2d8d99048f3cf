/**
 * Whether a plan file's own certificate proves what the plan says. Like the checker it shares no code with what makes
 * plans: it reads the plan, the topology, and nothing else.
 */
import type {Topology, Volume} from '../topology/index.js';
import {checkCertificate, type CertificateViolation} from './check-certificate.js';
import type {Plan} from './plan-file.js';

/** A plan that was made with its certificate. */
export type CertifiedPlan = Plan & {
  readonly certificate: NonNullable<Plan['certificate']>;
  readonly volumes: NonNullable<Plan['volumes']>;
};

/** Whether there is a certificate to look at. */
export function hasCertificate(plan: Plan): plan is CertifiedPlan {
  return plan.certificate !== undefined && plan.volumes !== undefined;
}

/**
 * Everything in which plan and topology do not agree, and every violation that the independent checker finds in the
 * plan's certificate; none means that each scenario of the topology can be repaired within the plan's reserves if no
 * volume holds more than the plan reckons with.
 */
export function verifyPlan(plan: CertifiedPlan, topology: Topology): readonly CertificateViolation[] {
  const volumeBytes = new Map(plan.volumes.map(({volume, bytes}) => [volume, bytes]));
  const factorOf = new Map(plan.certificate.map(({scenario, factor}) => [scenario, factor]));
  const hostOf = new Map(plan.hosts.map((row) => [row.host, row]));
  const violations = checkCertificate({
    topology,
    volumeBytes: topology.volumes.map(({id}) => volumeBytes.get(id) ?? NaN),
    scenarioFactor: topology.scenarios.map(({id}) => factorOf.get(id) ?? NaN),
    hostUsedBytes: topology.hosts.map(({id}) => hostOf.get(id)?.predictedUsedBytes ?? NaN),
    reserveBytes: topology.hosts.map(({id}) => hostOf.get(id)?.reserveBytes ?? NaN),
    certificate: plan.certificate,
  });
  const mismatches = [
    ...compareNames(plan, topology),
    ...compareHosts(plan, topology),
    ...compareDemand(plan, topology, volumeBytes, factorOf),
  ].map((message) => ({scenario: '', message}));
  return [...mismatches, ...violations, ...compareVerdict(plan, mismatches.length + violations.length)];
}

function compareNames({topologySerial, volumes, hosts}: CertifiedPlan, topology: Topology): string[] {
  if (topologySerial !== topology.serial)
    return [
      `the plan was made for topology ${topologySerial.slice(0, 12)}, this one is ${topology.serial.slice(0, 12)}`,
    ];
  const missing = (
    sort: string,
    told: readonly string[],
    wanted: readonly {readonly id: string}[],
  ): string[] => {
    const [known, asked] = [new Set(told), new Set(wanted.map(({id}) => id))];
    return [
      ...wanted.filter(({id}) => !known.has(id)).map(({id}) => `the plan does not tell of ${sort} ${id}`),
      ...told.filter((id) => !asked.has(id)).map((id) => `the topology has no ${sort} ${id}`),
    ];
  };
  const tellsOf = volumes.map(({volume}) => volume);
  return [
    ...missing('volume', tellsOf, topology.volumes),
    ...missing(
      'host',
      hosts.map(({host}) => host),
      topology.hosts,
    ),
  ];
}

function compareHosts({hosts}: CertifiedPlan, topology: Topology): string[] {
  const capacityOf = new Map(topology.hosts.map(({id, capacityBytes}) => [id, capacityBytes]));
  return hosts.flatMap(({host, capacityBytes, predictedUsedBytes, roomBytes, reserveBytes}) => {
    const capacity = capacityOf.get(host);
    if (capacity === undefined) return [];
    const room = Math.max(0, Math.floor(topology.fillLimit * capacity - predictedUsedBytes));
    if (capacityBytes !== capacity)
      return [`host ${host} has ${capacity} bytes, the plan reckons with ${capacityBytes}`];
    if (roomBytes !== room) return [`host ${host} has room for ${room} bytes, the plan says ${roomBytes}`];
    return reserveBytes > room ? [`host ${host} is to hold ${reserveBytes} bytes in a room of ${room}`] : [];
  });
}

/** The demand told of each scenario against what its volumes come to. */
function compareDemand(
  {boundaries}: CertifiedPlan,
  topology: Topology,
  volumeBytes: ReadonlyMap<string, number>,
  factorOf: ReadonlyMap<string, number>,
): string[] {
  const toldOf = new Map(boundaries.map(({scenario, demandBytes}) => [scenario, demandBytes]));
  const volumesOn = new Map<number, Volume[]>();
  for (const volume of topology.volumes) {
    for (const host of volume.replicas) volumesOn.set(host, [...(volumesOn.get(host) ?? []), volume]);
  }
  return topology.scenarios.flatMap(({id, hosts}) => {
    const failed = new Set(hosts);
    let bytes = 0;
    for (const {id: volume, replicas} of new Set(hosts.flatMap((host) => volumesOn.get(host) ?? []))) {
      const lost = replicas.filter((host) => failed.has(host)).length;
      if (lost === replicas.length) continue;
      bytes += lost * Math.ceil((volumeBytes.get(volume) ?? NaN) * (factorOf.get(id) ?? NaN));
    }
    const told = toldOf.get(id);
    return told === bytes
      ? []
      : [`in ${id} ${bytes} bytes are lost, the plan says ${told ?? 'nothing of it'}`];
  });
}

function compareVerdict({feasible}: CertifiedPlan, problemCount: number): CertificateViolation[] {
  if (feasible && problemCount > 0) return [{scenario: '', message: 'the plan says that it is feasible'}];
  return !feasible && problemCount === 0
    ? [{scenario: '', message: 'the plan says that it is not feasible, but its certificate is in order'}]
    : [];
}
