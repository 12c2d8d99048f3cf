import {countHosts} from '../topology/index.js';
import {certifyReserve} from './certificate.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import {createReserveProgram} from './reserve-program.js';
import type {ScenarioDemand} from './scenario-demand.js';

const MOST_SOLVES = 500;

/**
 * Bytes by which the room of each host must grow so that every scenario can be repaired, in total about as few as can
 * be: min sum g_h such that in every scenario a flow fits into room_h + g_h, by the same cuts as the least reserve, on
 * few hosts where there is a choice; then as much more as whole volumes need. Copies that the rules leave no host are
 * left out: no growth helps them.
 */
export async function leastGrowth(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
): Promise<Float64Array> {
  const placeable = compiled.nets.map((net, scenario) => placeableDemand(net, demands[scenario]));
  const mostBytes = Math.max(0, ...placeable.map(({totalBytes}) => totalBytes));
  const program = await createReserveProgram(roomBytes.map(() => mostBytes));
  let growthBytes = new Float64Array(roomBytes.length);
  try {
    for (let solve = 0; solve < MOST_SOLVES; solve += 1) {
      const grown = roomBytes.map((bytes, host) => bytes + (growthBytes[host] ?? 0));
      let isEnough = true;
      for (const [index, net] of compiled.nets.entries()) {
        const cut = shortHosts(net, placeable[index]?.groupBytes ?? new Float64Array(0), grown);
        if (cut === undefined) continue;
        isEnough = false;
        program.addRow(cut.hosts, cut.demandBytes - sumAt(roomBytes, cut.hosts));
      }
      if (isEnough) break;
      growthBytes = Float64Array.from(program.solve('concentrated'), (bytes) =>
        Math.ceil(Math.max(0, bytes)),
      );
    }
  } finally {
    program.dispose();
  }
  const start = roomBytes.map((bytes, host) => bytes + (growthBytes[host] ?? 0));
  const {reserveBytes} = certifyReserve(
    compiled,
    demands,
    start,
    new Float64Array(start.length).fill(Infinity),
  );
  return reserveBytes.map((bytes, host) => Math.max(0, bytes - (roomBytes[host] ?? 0)));
}

/** The demand without the groups that the rules leave no surviving host. */
export function placeableDemand(net: ScenarioNet, demand: ScenarioDemand | undefined): ScenarioDemand {
  const all = demand ?? {sizes: new Float64Array(0), groupBytes: new Float64Array(0), totalBytes: 0};
  const groupBytes = all.groupBytes.map((bytes, group) => {
    const hosts = net.groupHosts[group]?.map((word, at) => word & (net.alive[at] ?? 0));
    return hosts !== undefined && countHosts(hosts) > 0 ? bytes : 0;
  });
  return {...all, groupBytes, totalBytes: groupBytes.reduce((sum, bytes) => sum + bytes, 0)};
}

function shortHosts(
  net: ScenarioNet,
  groupBytes: Float64Array,
  hostBytes: Float64Array,
): {readonly hosts: readonly number[]; readonly demandBytes: number} | undefined {
  const {shortGroups, shortClasses} = routeDemand(net, groupBytes, hostBytes);
  if (shortGroups.length === 0) return undefined;
  const hosts = shortClasses.flatMap((index) => [...(net.classHosts[index] ?? [])]);
  return {hosts, demandBytes: sumAt(groupBytes, shortGroups)};
}

function sumAt(values: Float64Array, indices: readonly number[]): number {
  return indices.reduce((sum, index) => sum + (values[index] ?? 0), 0);
}
