import {sum} from '../core/index.js';
import {hasHost} from '../topology/index.js';
import type {ScenarioPlacement} from './certificate.js';
import type {CompiledTopology} from './compile-topology.js';
import {type LaunchDemand, sumOfLaunches} from './launch-demand.js';
import {createReserveProgram} from './reserve-program.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** A reserve for known volumes and where they go in it. */
export interface KnownReserve {
  readonly reserveBytes: Float64Array;
  readonly placements: readonly ScenarioPlacement[];
  readonly demands: readonly ScenarioDemand[];
  /** The most that each host can hold. */
  readonly roomBytes: Float64Array;
}

/** What is to be held for volumes to come. */
export interface LaunchReserve {
  /** Whole bytes a host beside the reserve for known volumes. */
  readonly hostBytes: Float64Array;
  readonly short: LaunchShortfall;
}

/** What finds no room in the scenario that lacks the most. */
export interface LaunchShortfall {
  readonly bytes: number;
  /** Index into Topology.scenarios; absent: nothing is lacking. */
  readonly scenario?: number;
}

/** Hosts that together must hold so many bytes beside the reserve for known volumes. */
interface Row {
  readonly hosts: readonly number[];
  readonly bytes: number;
  readonly scenario: number;
}

/**
 * The least that must be held beside a reserve so that each scenario finds what new volumes ask for, too, on surviving
 * hosts of their tier: in what its known volumes leave of the reserve, as far as whole copies of a middling new volume
 * fit there, and in the rest on as few hosts as possible, since a new copy needs a whole place. A linear program over
 * hosts alone (a row for each tier and one for all: tiers do not overlap), rows added as they are violated. Where new
 * volumes lie is not known, so no placement proves this part.
 */
export async function holdForLaunches(
  compiled: CompiledTopology,
  known: KnownReserve,
  launches: readonly LaunchDemand[],
): Promise<LaunchReserve> {
  const left = leftOf(known);
  const rows = allRows(compiled, known, launches);
  const possible = rows.map((row) => ({...row, bytes: Math.min(row.bytes, sumOn(left, row.hosts))}));
  return {hostBytes: await leastFor(possible, left), short: worstOf(rows, left)};
}

/** What a reserve and the room beside it leave no space for, without saying where the rest is to be held. */
export function launchShortfall(
  compiled: CompiledTopology,
  known: KnownReserve,
  launches: readonly LaunchDemand[],
): LaunchShortfall {
  return worstOf(allRows(compiled, known, launches), leftOf(known));
}

function leftOf({roomBytes, reserveBytes}: KnownReserve): Float64Array {
  return roomBytes.map((room, host) => Math.max(0, room - (reserveBytes[host] ?? 0)));
}

function allRows(
  compiled: CompiledTopology,
  known: KnownReserve,
  launches: readonly LaunchDemand[],
): readonly Row[] {
  return compiled.nets.flatMap((_, scenario) => rowsOf(compiled, known, launches, scenario));
}

function worstOf(rows: readonly Row[], leftBytes: Float64Array): LaunchShortfall {
  return rows.reduce<LaunchShortfall>(
    (worst, {hosts, bytes, scenario}) => {
      const lacking = bytes - sumOn(leftBytes, hosts);
      return lacking > worst.bytes ? {bytes: lacking, scenario} : worst;
    },
    {bytes: 0},
  );
}

/** Adds the row that lacks the most until none lacks anything. */
async function leastFor(rows: readonly Row[], leftBytes: Float64Array): Promise<Float64Array> {
  let held = new Float64Array(leftBytes.length);
  const isLacking = ({hosts, bytes}: Row): boolean => sumOn(held, hosts) < bytes - hosts.length;
  if (!rows.some(isLacking)) return held;
  const program = await createReserveProgram(leftBytes);
  try {
    for (let lacking = rows.filter(isLacking); lacking.length > 0; lacking = rows.filter(isLacking)) {
      const before = held;
      const most = lacking.reduce((worst, row) =>
        row.bytes - sumOn(before, row.hosts) > worst.bytes - sumOn(before, worst.hosts) ? row : worst,
      );
      program.addRow(most.hosts, most.bytes * (1 - ROUNDING));
      held = program
        .solve('concentrated')
        .map((bytes, host) => Math.min(leftBytes[host] ?? 0, Math.ceil(bytes * (1 + 2 * ROUNDING))));
      if (sumOn(held, most.hosts) <= sumOn(before, most.hosts)) break;
    }
    return held;
  } finally {
    program.dispose();
  }
}

/** The solver is exact to about a thousand-millionth: rows ask for that much less, and hosts get it back. */
const ROUNDING = 1e-8;

function rowsOf(
  compiled: CompiledTopology,
  known: KnownReserve,
  launches: readonly LaunchDemand[],
  scenario: number,
): readonly Row[] {
  const {hosts: all} = compiled.topology;
  const net = compiled.nets[scenario];
  const alive = [...all.keys()].filter((host) => net !== undefined && hasHost(net.alive, host));
  const slack = slackOf(compiled, known, scenario);
  const rowFor = (hosts: readonly number[], wantedBytes: number, copyBytes: number): Row[] => {
    const usable = hosts.map((host) => Math.floor((slack[host] ?? 0) / Math.max(1, copyBytes)) * copyBytes);
    const bytes = Math.ceil(wantedBytes - sum(usable));
    return bytes > 0 ? [{hosts, bytes, scenario}] : [];
  };
  const largest = Math.max(0, ...launches.map(({copyBytes}) => copyBytes));
  return [
    ...launches.flatMap(({tier, scenarioBytes, copyBytes}) =>
      tier === undefined
        ? []
        : rowFor(
            alive.filter((host) => all[host]?.tier === tier),
            scenarioBytes[scenario] ?? 0,
            copyBytes,
          ),
    ),
    ...rowFor(alive, sumOfLaunches(launches, compiled.nets.length)[scenario] ?? 0, largest),
  ];
}

/** By host, what the known volumes of a scenario leave of the reserve. */
function slackOf(compiled: CompiledTopology, known: KnownReserve, scenario: number): Float64Array {
  const slack = known.reserveBytes.slice();
  const sizeOf = new Map<number, number>();
  compiled.nets[scenario]?.volumes.forEach((volume, entry) => {
    sizeOf.set(volume, known.demands[scenario]?.sizes[entry] ?? 0);
  });
  const {volumes, hosts} = known.placements[scenario] ?? {volumes: [], hosts: []};
  hosts.forEach((host, item) => {
    if (host >= 0) slack[host] = (slack[host] ?? 0) - (sizeOf.get(volumes[item] ?? -1) ?? 0);
  });
  return slack;
}

function sumOn(values: Float64Array, hosts: readonly number[]): number {
  return hosts.reduce((total, host) => total + (values[host] ?? 0), 0);
}
