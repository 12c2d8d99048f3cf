import {groupBy, type Random} from '../core/index.js';
import {hasHost} from '../topology/index.js';
import type {CompiledTopology} from './compile-topology.js';
import type {LaunchSample} from './draw-launches.js';
import type {LaunchedVolume} from './launch-history.js';

/**
 * Bytes to re-create of new volumes alone, by draw and scenario. Where a new volume will lie when a scenario happens is a
 * matter of chance: its hosts are drawn by its tier and rule, each in proportion to the `roomBytes` that it has, and it
 * counts where some but not all of its copies are lost. A copy that its rule leaves no host is left out.
 */
export function launchSums(
  compiled: CompiledTopology,
  roomBytes: Float64Array,
  launches: readonly LaunchSample[],
  random: Random,
): readonly Float64Array[] {
  const {hosts, scenarios} = compiled.topology;
  const scenariosOfHost = hosts.map((): number[] => []);
  for (const [scenario, {hosts: failing}] of scenarios.entries())
    for (const host of failing) scenariosOfHost[host]?.push(scenario);
  const everyHost = wheelOf([...hosts.keys()], roomBytes);
  const wheels = new Map(
    [...groupBy(hosts.keys(), (host) => hosts[host]?.tier)].map(([tier, own]) => [
      tier,
      wheelOf(own, roomBytes),
    ]),
  );
  // By scenario, the copies of one volume that are lost; all 0 again after each.
  const lost = new Int32Array(scenarios.length);
  return launches.map((volumes) => {
    const sums = new Float64Array(scenarios.length);
    for (const launched of volumes) {
      const tier = compiled.topology.volumes[launched.volume]?.tier;
      const wheel = (tier === undefined ? undefined : wheels.get(tier)) ?? everyHost;
      const chosen = drawHosts(compiled, launched, {wheel, roomBytes, random});
      const hits = chosen.flatMap((host) => scenariosOfHost[host] ?? []);
      for (const scenario of hits) lost[scenario] = (lost[scenario] ?? 0) + 1;
      for (const scenario of hits) {
        const copies = lost[scenario] ?? 0;
        lost[scenario] = 0;
        if (copies < chosen.length) sums[scenario] = (sums[scenario] ?? 0) + copies * launched.copyBytes;
      }
    }
    return sums;
  });
}

/** Hosts with the sum of the room up to and with each. */
interface Wheel {
  readonly hosts: readonly number[];
  readonly upTo: Float64Array;
}

function wheelOf(hosts: readonly number[], roomBytes: Float64Array): Wheel {
  let total = 0;
  return {hosts, upTo: Float64Array.from(hosts, (host) => (total += roomBytes[host] ?? 0))};
}

/** Draws that fall on hosts which the rule forbids before the others are looked through one by one. */
const MOST_MISSES = 16;

/** One host after another, each with a chance in proportion to its room among those that the rule still leaves. */
function drawHosts(
  {topology, apartFrom}: CompiledTopology,
  {volume}: LaunchedVolume,
  from: {readonly wheel: Wheel; readonly roomBytes: Float64Array; readonly random: Random},
): readonly number[] {
  const copies = topology.volumes[volume]?.replicas.length ?? 0;
  const chosen: number[] = [];
  const isForbidden = (host: number): boolean =>
    chosen.some((other) => hasHost(apartFrom(volume, other), host));
  while (chosen.length < copies) {
    let host = spin(from.wheel, from.random);
    for (let misses = 1; host !== undefined && isForbidden(host) && misses < MOST_MISSES; misses += 1)
      host = spin(from.wheel, from.random);
    if (host !== undefined && isForbidden(host)) {
      const open = from.wheel.hosts.filter((one) => !isForbidden(one));
      host = spin(wheelOf(open, from.roomBytes), from.random);
    }
    if (host === undefined) break;
    chosen.push(host);
  }
  return chosen;
}

/** Undefined where no host has room. */
function spin({hosts, upTo}: Wheel, random: Random): number | undefined {
  const total = upTo.at(-1) ?? 0;
  if (total <= 0) return undefined;
  const at = random.next() * total;
  let low = 0;
  for (let high = upTo.length - 1; low < high;) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return hosts[low];
}
