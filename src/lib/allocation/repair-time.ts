import type {ScenarioPlacement} from './certificate.js';
import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** How long the slowest scenario takes until its copies are there again, and what that comes from. */
export interface RepairTime {
  readonly seconds: number;
  /** Empty: nothing is to be re-created. */
  readonly scenario: string;
  readonly demandBytes: number;
  /** Hosts that take copies side by side; devices of one host count as one. */
  readonly hostCount: number;
}

/**
 * The longest repair of any scenario when every allowed host that has room takes so many bytes a second: its demand over what
 * all of them take together, and one largest copy at the rate of a single host, since the last one may begin when all
 * others end (the bound of list scheduling, Graham, Bell System Technical Journal 45, 1966, for copies that may go to
 * any of the hosts). Where rules or rooms put more on one host, `placedRepair` says so.
 */
export function longestRepair(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  roomBytes: Float64Array,
  bytesPerSecond: number,
): RepairTime {
  let longest: RepairTime = {seconds: 0, scenario: '', demandBytes: 0, hostCount: 0};
  for (const [scenario, net] of compiled.nets.entries()) {
    const demand = demands[scenario];
    const hostCount = countMachines(compiled, net, roomBytes);
    if (demand === undefined || demand.totalBytes === 0 || hostCount === 0) continue;
    const largest = demand.sizes.reduce((most, bytes) => Math.max(most, bytes), 0);
    const evenBytes = demand.totalBytes / hostCount + largest * (1 - 1 / hostCount);
    const seconds = Math.ceil(evenBytes / bytesPerSecond);
    if (seconds <= longest.seconds) continue;
    longest = {seconds, scenario: idOf(compiled, scenario), demandBytes: demand.totalBytes, hostCount};
  }
  return longest;
}

/** The host that is the last to be done with the copies placed on it. */
export interface PlacedRepair {
  readonly seconds: number;
  readonly scenario: string;
  readonly host: string;
  readonly bytes: number;
}

/** The longest repair with the copies placed as they are; undefined when none is placed. */
export function placedRepair(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  placements: readonly ScenarioPlacement[],
  bytesPerSecond: number,
): PlacedRepair | undefined {
  let slowest: PlacedRepair | undefined;
  for (const placement of placements) {
    for (const [host, bytes] of loadByMachine(compiled, demands, placement)) {
      if (bytes <= (slowest?.bytes ?? 0)) continue;
      const scenario = idOf(compiled, placement.scenario);
      slowest = {seconds: Math.ceil(bytes / bytesPerSecond), scenario, host, bytes};
    }
  }
  return slowest;
}

function loadByMachine(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  {scenario, volumes, hosts}: ScenarioPlacement,
): ReadonlyMap<string, number> {
  const net = compiled.nets[scenario];
  const sizeOf = new Map<number, number>();
  net?.volumes.forEach((volume, entry) => sizeOf.set(volume, demands[scenario]?.sizes[entry] ?? 0));
  const load = new Map<string, number>();
  hosts.forEach((host, item) => {
    if (host < 0) return;
    const machine = machineOf(compiled, host);
    load.set(machine, (load.get(machine) ?? 0) + (sizeOf.get(volumes[item] ?? -1) ?? 0));
  });
  return load;
}

function countMachines(compiled: CompiledTopology, net: ScenarioNet, roomBytes: Float64Array): number {
  const allowed = net.classHosts.flatMap((hosts) => [...hosts]);
  const open = allowed.filter((host) => (roomBytes[host] ?? 0) > 0);
  // Full ones would take copies once they are grown.
  return new Set((open.length > 0 ? open : allowed).map((host) => machineOf(compiled, host))).size;
}

function machineOf({topology}: CompiledTopology, host: number): string {
  return topology.hosts[host]?.partOf ?? topology.hosts[host]?.id ?? '';
}

function idOf({topology}: CompiledTopology, scenario: number): string {
  return topology.scenarios[scenario]?.id ?? '';
}
