import type {ScenarioNet} from './compile-topology.js';

/** What one scenario asks for at a given usage. */
export interface ScenarioDemand {
  /** Bytes of one copy of each entry of the net, whole. */
  readonly sizes: Float64Array;
  /** Bytes that each group has lost. */
  readonly groupBytes: Float64Array;
  /** Sum of groupBytes: all that can be re-created. */
  readonly totalBytes: number;
}

/**
 * The demand of a scenario when one copy of volume v holds `volumeBytes[v] * factor` bytes, rounded up. Volumes that
 * lose every copy are no demand: there is nothing left to copy from.
 */
export function scenarioDemand(net: ScenarioNet, volumeBytes: ArrayLike<number>, factor = 1): ScenarioDemand {
  const sizes = new Float64Array(net.volumes.length);
  const groupBytes = new Float64Array(net.groupHosts.length);
  let totalBytes = 0;
  for (let entry = 0; entry < sizes.length; entry += 1) {
    const size = Math.ceil((volumeBytes[net.volumes[entry] ?? 0] ?? 0) * factor);
    const bytes = size * (net.copies[entry] ?? 0);
    const group = net.groupOf[entry] ?? 0;
    sizes[entry] = size;
    groupBytes[group] = (groupBytes[group] ?? 0) + bytes;
    totalBytes += bytes;
  }
  return {sizes, groupBytes, totalBytes};
}
