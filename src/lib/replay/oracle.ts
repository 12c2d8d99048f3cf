import {
  type CompiledTopology,
  createMomentProgram,
  type MomentProgram,
  routeDemand,
  type ScenarioNet,
} from '../allocation/index.js';
import {createPlacer, type Cut, cutOf, type Placer, wholeCut} from './place-demand.js';
import type {StepTruth, WindowTruth} from './window-truth.js';

/** Knows the future. Windows are asked for one after another. */
export interface Oracle {
  /**
   * The least total reserve, constant over the window, with which every scenario at every step of it leaves no more
   * bytes stuck than with all room held. Bytes a host; the total is within a millionth of the optimum.
   */
  leastReserve(truth: WindowTruth): Promise<Float64Array>;
}

/** A cut that mattered in a window not long ago. */
interface KnownCut {
  readonly scenario: number;
  readonly cut: Cut;
  /** Windows since then; never enough for the cuts that one begins with. */
  readonly idleWindows: number;
}

/** A scenario that misses bytes at a step. */
interface Violation {
  readonly net: ScenarioNet;
  /** Of the step in its window. */
  readonly index: number;
  /** What each host can take then. */
  readonly heldBytes: Float64Array;
}

/** Windows after which a cut that no longer matters is forgotten. */
const MOST_IDLE_WINDOWS = 7;
/** Below this share of the largest room a violation is the solver's rounding. */
const ROUNDING = 1e-9;
const MOST_ROUNDS = 1000;

/**
 * Linear program over the reserves with rows found by need (allocation-maths section 9). At step t of the window host h
 * takes min(r_h, room_h(t)). A maximum flow leaves at most U (what is stuck with all room held) if and only if every
 * set of groups G satisfies  sum over its hosts of min(r_h, room_h(t)) >= demand(G) - U.  Only sets and steps that a
 * maximum flow shows to be violated become rows. The sets found in one window are tried first in the next, each at the
 * step at which it asks for the most.
 */
export function createOracle({nets}: CompiledTopology): Oracle {
  const placers = nets.map(createPlacer);
  let known: readonly KnownCut[] = nets.map((net, scenario) => {
    return {scenario, cut: wholeCut(net), idleWindows: Number.NEGATIVE_INFINITY};
  });
  return {
    leastReserve: async (truth) => {
      const program = await createMomentProgram(truth.steps.map(({roomBytes}) => roomBytes));
      try {
        for (const one of known) addHardest(program, one, truth);
        const {reserveBytes, found} = search(program, nets, placers, truth);
        known = renew(known, found, truth, reserveBytes);
        return reserveBytes;
      } finally {
        program.dispose();
      }
    },
  };
}

/** Bytes that a cut must find room for at a step. */
function askedBytes({scenario, cut}: KnownCut, {demands, unavoidableBytes}: StepTruth): number {
  const groupBytes = demands[scenario]?.groupBytes ?? new Float64Array(0);
  return sumAt(groupBytes, cut.groups) - (unavoidableBytes[scenario] ?? 0);
}

/** The step of a window at which a cut asks for the most. */
function hardestStep(
  known: KnownCut,
  {steps}: WindowTruth,
): {readonly index: number; readonly bytes: number} {
  let hardest = {index: 0, bytes: 0};
  for (const [index, step] of steps.entries()) {
    const bytes = askedBytes(known, step);
    if (bytes > hardest.bytes) hardest = {index, bytes};
  }
  return hardest;
}

function addHardest(program: MomentProgram, known: KnownCut, truth: WindowTruth): void {
  const {index, bytes} = hardestStep(known, truth);
  if (bytes > 0) program.addRow(index, known.cut.hosts, bytes);
}

/** Solves, and adds rows, first for the scenarios that were violated last, until no scenario is at any step. */
function search(
  program: MomentProgram,
  nets: readonly ScenarioNet[],
  placers: readonly Placer[],
  truth: WindowTruth,
): {readonly reserveBytes: Float64Array; readonly found: readonly KnownCut[]} {
  const found: KnownCut[] = [];
  let watched = nets;
  let reserveBytes = solve(program, truth);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const violations = findViolations(watched, placers, truth, reserveBytes);
    if (violations.length === 0 && watched === nets) break;
    watched = violations.length === 0 ? nets : violations.map(({net}) => net);
    if (violations.length === 0) continue;
    for (const violation of violations) found.push(addRows(program, violation, truth));
    reserveBytes = solve(program, truth);
  }
  return {reserveBytes, found};
}

function solve(program: MomentProgram, {mostRoomBytes}: WindowTruth): Float64Array {
  return program
    .solve()
    .map((bytes, host) => Math.min(mostRoomBytes[host] ?? 0, Math.ceil(Math.max(0, bytes))));
}

/** For each scenario the first step, if any, at which it misses something that is not unavoidable. */
function findViolations(
  nets: readonly ScenarioNet[],
  placers: readonly Placer[],
  truth: WindowTruth,
  reserveBytes: Float64Array,
): readonly Violation[] {
  const roundingBytes = Math.max(1, ROUNDING * Math.max(...truth.mostRoomBytes));
  const held = truth.steps.map(({roomBytes}) => heldWithin(reserveBytes, roomBytes));
  return nets.flatMap((net): Violation[] => {
    const {scenario} = net;
    const index = truth.steps.findIndex(({demands, unavoidableBytes}, at) => {
      const demand = demands[scenario];
      const heldBytes = held[at];
      const shortfall = demand && heldBytes && placers[scenario]?.shortfall(demand, heldBytes);
      return (shortfall?.stuckBytes ?? 0) - (unavoidableBytes[scenario] ?? 0) > roundingBytes;
    });
    const heldBytes = held[index];
    return heldBytes === undefined ? [] : [{net, index, heldBytes}];
  });
}

/** Adds the row of the minimum cut at the violated step, and that of the same cut at the step that is hardest for it. */
function addRows(program: MomentProgram, {net, index, heldBytes}: Violation, truth: WindowTruth): KnownCut {
  const step = truth.steps[index];
  const groupBytes = step?.demands[net.scenario]?.groupBytes ?? new Float64Array(0);
  const found = {
    scenario: net.scenario,
    cut: cutOf(net, routeDemand(net, groupBytes, heldBytes)),
    idleWindows: 0,
  };
  if (step !== undefined) program.addRow(index, found.cut.hosts, askedBytes(found, step));
  if (hardestStep(found, truth).index !== index) addHardest(program, found, truth);
  return found;
}

/** The cuts to begin the next window with: those just found, and those that mattered not long ago. */
function renew(
  known: readonly KnownCut[],
  found: readonly KnownCut[],
  truth: WindowTruth,
  reserveBytes: Float64Array,
): readonly KnownCut[] {
  const key = ({scenario, cut}: KnownCut): string => `${scenario}:${cut.groups.join()}`;
  const fresh = new Map(found.map((one) => [key(one), one]));
  const kept = known
    .filter((one) => !fresh.has(key(one)))
    .map((one) => {
      const {index, bytes} = hardestStep(one, truth);
      const roomBytes = truth.steps[index]?.roomBytes ?? new Float64Array(0);
      const takenBytes = sumAt(heldWithin(reserveBytes, roomBytes), one.cut.hosts);
      const isTight = takenBytes <= bytes * (1 + 1e-6);
      return {...one, idleWindows: isTight ? Math.min(one.idleWindows, 0) : one.idleWindows + 1};
    });
  return [...kept.filter(({idleWindows}) => idleWindows <= MOST_IDLE_WINDOWS), ...fresh.values()];
}

function heldWithin(reserveBytes: Float64Array, roomBytes: Float64Array): Float64Array {
  return reserveBytes.map((bytes, host) => Math.min(bytes, roomBytes[host] ?? 0));
}

function sumAt(values: Float64Array, indices: readonly number[]): number {
  let total = 0;
  for (const index of indices) total += values[index] ?? 0;
  return total;
}
