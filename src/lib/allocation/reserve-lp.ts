import type {CompiledTopology, ScenarioNet} from './compile-topology.js';
import {routeDemand, type Routing} from './max-flow.js';
import {createReserveProgram, type ReserveProgram} from './reserve-program.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** The least reserve for demands that could be cut into bytes; whole volumes may need a little more. */
export interface LeastReserve {
  /** Whole bytes a host, at most its room; all hosts filled to about the same share of it where there is a choice. */
  readonly reserveBytes: Float64Array;
  /** Rows of the program so far, and how often it was solved. */
  readonly rowCount: number;
  readonly solveCount: number;
}

/** Looks for the least reserve, and again with more demanded of single hosts. */
export interface ReserveSearch {
  /** Scenarios that not even the whole room satisfies, with their minimum cut there: that much demand is left out. */
  readonly shortages: readonly {readonly net: ScenarioNet; readonly routing: Routing}[];
  least(): LeastReserve;
  /** The same total on few hosts, after `least`: large volumes find space there more easily. */
  concentrated(): Float64Array;
  /** From now on the host is to hold at least so many bytes. */
  addFloor(host: number, bytes: number): void;
  dispose(): void;
}

/** What hosts hold together whatever the scenarios need, within their room; and what a byte costs on each host. */
export interface PricedFloors {
  readonly floors?: readonly {readonly hosts: readonly number[]; readonly bytes: number}[];
  readonly costs?: Float64Array | undefined;
}

/** A host's reserve is exact to this share of the largest room; what that leaves short is filled without the solver. */
const ROUNDING = 1e-9;
const MOST_SOLVES = 500;

/**
 * min sum c_h r_h, 0 <= r_h <= room_h, such that for every scenario a flow takes its demand to allowed hosts with r_h as
 * the space (allocation-maths sections 2 and 9). No flow enters the program: a flow exists if and only if every set of
 * groups finds its demand on the hosts that it may use, so each such set is one row over r, and only sets that a
 * maximum flow shows to be violated are added. The cost is within a millionth of the optimum. Rooms count in whole bytes.
 * The caller must dispose of the search.
 */
export async function searchLeastReserve(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  givenRoomBytes: Float64Array,
  {floors = [], costs}: PricedFloors = {},
): Promise<ReserveSearch> {
  // Of parts of a byte, sums are not exact, and filling up what they lack would never end.
  const roomBytes = givenRoomBytes.map(Math.floor);
  const shortages: {net: ScenarioNet; routing: Routing}[] = [];
  const wanted = compiled.nets.map((net, scenario) => {
    const groupBytes = demands[scenario]?.groupBytes ?? new Float64Array(0);
    const routing = routeDemand(net, groupBytes, roomBytes);
    if (routing.shortGroups.length === 0) return {net, groupBytes};
    shortages.push({net, routing});
    return {net, groupBytes: groupBytes.map((bytes, group) => bytes - (routing.unsentBytes[group] ?? 0))};
  });
  const program = await createReserveProgram(roomBytes, costs);
  for (const {hosts, bytes} of floors) program.addRow(hosts, bytes);
  const rounding = ROUNDING * Math.max(...roomBytes, 1);
  const toWhole = (reserve: Float64Array): Float64Array =>
    reserve.map((bytes, host) => Math.min(roomBytes[host] ?? 0, Math.ceil(Math.max(0, bytes - rounding))));
  const rows = startRows(program, wanted);
  return {
    shortages,
    least: () => addViolatedRows(rows, {roomBytes, rounding, solve: () => toWhole(program.solve('even'))}),
    concentrated: () => toWhole(program.solve('concentrated')),
    addFloor: (host, bytes) => {
      program.addRow([host], bytes);
    },
    dispose: () => {
      program.dispose();
    },
  };
}

interface Wanted {
  readonly net: ScenarioNet;
  readonly groupBytes: Float64Array;
}

interface Rows {
  readonly program: ReserveProgram;
  readonly wanted: readonly Wanted[];
  count: number;
}

/** The program with the row of the greatest demand: all of it on all hosts that any of it may use. */
function startRows(program: ReserveProgram, wanted: readonly Wanted[]): Rows {
  const total = ({groupBytes}: Wanted): number => groupBytes.reduce((sum, bytes) => sum + bytes, 0);
  const totals = wanted.map(total);
  const greatest = wanted[totals.indexOf(Math.max(0, ...totals))];
  if (greatest === undefined) return {program, wanted, count: 0};
  program.addRow(hostsOf(greatest.net, greatest.net.classHosts.keys()), total(greatest));
  return {program, wanted, count: 1};
}

function addViolatedRows(
  rows: Rows,
  {
    roomBytes,
    rounding,
    solve,
  }: {readonly roomBytes: Float64Array; readonly rounding: number; readonly solve: () => Float64Array},
): LeastReserve {
  for (let solveCount = 1; ; solveCount += 1) {
    const reserveBytes = solve();
    const before = rows.count;
    for (const {net, groupBytes} of rows.wanted) {
      const cut = violatedCut(net, groupBytes, reserveBytes);
      if (cut === undefined || cut.demandBytes - cut.heldBytes <= 2 * rounding * roomBytes.length) continue;
      rows.program.addRow(cut.hosts, cut.demandBytes);
      rows.count += 1;
    }
    if (rows.count === before || solveCount === MOST_SOLVES) {
      fillUp(rows.wanted, reserveBytes, roomBytes);
      return {reserveBytes, rowCount: rows.count, solveCount};
    }
  }
}

interface Cut {
  readonly hosts: readonly number[];
  readonly demandBytes: number;
  readonly heldBytes: number;
}

function violatedCut(
  net: ScenarioNet,
  groupBytes: Float64Array,
  reserveBytes: Float64Array,
): Cut | undefined {
  const {shortGroups, shortClasses} = routeDemand(net, groupBytes, reserveBytes);
  if (shortGroups.length === 0) return undefined;
  const hosts = hostsOf(net, shortClasses);
  const sum = (values: Float64Array, indices: readonly number[]): number =>
    indices.reduce((total, index) => total + (values[index] ?? 0), 0);
  return {hosts, demandBytes: sum(groupBytes, shortGroups), heldBytes: sum(reserveBytes, hosts)};
}

/**
 * Raises reserves by what the solver's rounding left short, until every flow fits. There is room, since each demand fits
 * into the whole room; only sums beyond 2^53 bytes, no longer exact, may leave a byte short: the certificate sees it.
 */
function fillUp(wanted: readonly Wanted[], reserveBytes: Float64Array, roomBytes: Float64Array): void {
  for (const {net, groupBytes} of wanted) {
    for (;;) {
      const cut = violatedCut(net, groupBytes, reserveBytes);
      if (cut === undefined) break;
      let missing = cut.demandBytes - cut.heldBytes;
      for (const host of cut.hosts) {
        const held = reserveBytes[host] ?? 0;
        const raise = Math.min(missing, (roomBytes[host] ?? 0) - held);
        reserveBytes[host] = held + raise;
        missing -= raise;
      }
      if (missing > 0) break;
    }
  }
}

function hostsOf(net: ScenarioNet, classes: Iterable<number>): number[] {
  return [...classes].flatMap((index) => [...(net.classHosts[index] ?? [])]);
}
