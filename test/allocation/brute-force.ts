import type {Topology} from '../../src/lib/topology/index.js';

/** One lost copy, and where its volume's other copies are. Written from the words of the design, not from the solver. */
interface LostCopy {
  readonly volume: number;
  readonly survivors: readonly number[];
  readonly size: number;
}

function lostCopies(topology: Topology, scenario: number, usedBytes: ArrayLike<number>): LostCopy[] {
  const failed = new Set(topology.scenarios[scenario]!.hosts);
  return topology.volumes.flatMap(({replicas}, volume) => {
    const survivors = replicas.filter((host) => !failed.has(host));
    const lost = survivors.length === 0 ? 0 : replicas.length - survivors.length;
    return Array.from({length: lost}, () => ({volume, survivors, size: usedBytes[volume]!}));
  });
}

function together(topology: Topology, volume: number, left: number, right: number): boolean {
  const machine = (host: number): string => topology.hosts[host]!.partOf ?? topology.hosts[host]!.id;
  if (machine(left) === machine(right)) return true;
  const kinds = topology.volumes[volume]!.antiAffinity;
  return topology.boundaries.some(
    ({kind, hosts}) => kinds.includes(kind) && hosts.includes(left) && hosts.includes(right),
  );
}

function allowedHosts(topology: Topology, scenario: number, copy: LostCopy): number[] {
  const failed = new Set(topology.scenarios[scenario]!.hosts);
  const {tier} = topology.volumes[copy.volume]!;
  return topology.hosts
    .map((_, host) => host)
    .filter(
      (host) =>
        !failed.has(host) &&
        (tier === undefined || topology.hosts[host]!.tier === tier) &&
        !copy.survivors.some((other) => together(topology, copy.volume, host, other)),
    );
}

/** Tries every placement of whole copies: whether one fits into `limitBytes`. */
export function placementExists(
  topology: Topology,
  scenario: number,
  usedBytes: ArrayLike<number>,
  limitBytes: ArrayLike<number>,
): boolean {
  const copies = lostCopies(topology, scenario, usedBytes);
  const allowed = copies.map((copy) => allowedHosts(topology, scenario, copy));
  const free = Float64Array.from(limitBytes);
  const hostOf: number[] = [];
  const place = (index: number): boolean => {
    const copy = copies[index];
    if (copy === undefined) return true;
    for (const host of allowed[index]!) {
      if (free[host]! < copy.size) continue;
      const clash = hostOf.some(
        (other, earlier) =>
          copies[earlier]!.volume === copy.volume && together(topology, copy.volume, host, other),
      );
      if (clash) continue;
      free[host]! -= copy.size;
      hostOf.push(host);
      if (place(index + 1)) return true;
      hostOf.pop();
      free[host]! += copy.size;
    }
    return false;
  };
  return place(0);
}

/** Hall's condition over every set of lost copies: whether their bytes, cut as finely as one likes, fit. */
export function bytesFit(
  topology: Topology,
  scenario: number,
  usedBytes: ArrayLike<number>,
  limitBytes: ArrayLike<number>,
): boolean {
  const copies = lostCopies(topology, scenario, usedBytes);
  const masks = copies.map((copy) =>
    allowedHosts(topology, scenario, copy).reduce((mask, host) => mask | (1 << host), 0),
  );
  for (let set = 1; set < 1 << copies.length; set += 1) {
    let demand = 0;
    let neighbours = 0;
    copies.forEach(({size}, index) => {
      if ((set & (1 << index)) === 0) return;
      demand += size;
      neighbours |= masks[index]!;
    });
    let space = 0;
    topology.hosts.forEach((_, host) => {
      if ((neighbours & (1 << host)) !== 0) space += limitBytes[host]!;
    });
    if (demand > space) return false;
  }
  return true;
}

/** Volumes of which the scenario leaves nothing. */
export function losesEverything(topology: Topology, scenario: number): number[] {
  const failed = new Set(topology.scenarios[scenario]!.hosts);
  return topology.volumes.flatMap(({replicas}, volume) =>
    replicas.every((host) => failed.has(host)) ? [volume] : [],
  );
}
