import type {Topology} from '../topology/index.js';

/** A host as products see it: a server with all its devices. */
export interface WholeHost {
  readonly id: string;
  readonly capacityBytes: number;
  readonly largestDeviceBytes: number;
}

/** The servers of a topology, the largest first; one whose devices are not told apart counts as one device. */
export function wholeHosts({hosts}: Topology): readonly WholeHost[] {
  const wholes = new Map<string, WholeHost>();
  for (const {id, partOf = id, capacityBytes} of hosts) {
    const known = wholes.get(partOf) ?? {id: partOf, capacityBytes: 0, largestDeviceBytes: 0};
    wholes.set(partOf, {
      ...known,
      capacityBytes: known.capacityBytes + capacityBytes,
      largestDeviceBytes: Math.max(known.largestDeviceBytes, capacityBytes),
    });
  }
  return [...wholes.values()].sort((left, right) => right.capacityBytes - left.capacityBytes);
}
