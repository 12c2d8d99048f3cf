import {compileTopology, type CompiledTopology, type ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import {createMomentProgram} from './moment-program.js';
import type {Hindsight, HindsightStep} from './policy.js';
import type {StuckSteps} from './stuck-steps.js';

/** Steps of each scenario that the program looks at first: the hardest of those kept, and some below them. */
const CANDIDATES = 8;
/** Below this share of the largest room a violation is the solver's rounding. */
const ROUNDING = 1e-9;
const MOST_SOLVES = 200;
const MOST_WALKS = 20;

/** Of one scenario: the steps at which it must be repaired, and those of them that the program looks at. */
interface StepChoice {
  /** By step: 1 where it is kept and not yet watched. */
  readonly unwatched: Uint8Array;
  readonly watched: Set<number>;
}

/** A scenario at a step that must be repaired as far as any reserve could. */
interface Candidate {
  readonly net: ScenarioNet;
  readonly step: number;
  /** Index into the moments of the program. */
  readonly moment: number;
  readonly groupBytes: Float64Array;
  readonly unavoidableBytes: number;
}

/**
 * The least total reserve, the same at all steps, such that each scenario is repaired, as far as any reserve could, at
 * the `keptShare` of its steps with the fewest bytes to re-create. Host h takes min(r_h, room_h) at each step; rows are
 * found by need, from minimum cuts (allocation-maths section 9), first at the hardest steps and at some below them,
 * then wherever a walk through all steps kept still finds something short. Whole bytes a host.
 */
export async function leastConstant(
  hindsight: Hindsight,
  stuckSteps: StuckSteps,
  keptShare: number,
): Promise<Float64Array> {
  const compiled = compileTopology(hindsight.topology);
  const choices = chooseSteps(hindsight, keptShare);
  const known: Row[] = [];
  for (let walks = 1; ; walks += 1) {
    const reserveBytes = await solveFor(gather(hindsight, compiled, choices), compiled.hostCount, known);
    if (!watchMore(hindsight, stuckSteps, choices, reserveBytes) || walks === MOST_WALKS) return reserveBytes;
  }
}

/** What each host can take of a reserve when it has `roomBytes` of room. */
function holdWithin(reserveBytes: Float64Array, roomBytes: Float64Array): Float64Array {
  return reserveBytes.map((bytes, host) => Math.min(bytes, roomBytes[host] ?? 0));
}

function chooseSteps(hindsight: Hindsight, keptShare: number): readonly StepChoice[] {
  const totals = hindsight.topology.scenarios.map((): number[] => []);
  for (const {demands} of hindsight.steps)
    for (const [scenario, {totalBytes}] of demands.entries()) totals[scenario]?.push(totalBytes);
  return totals.map((ofSteps) => {
    const rising = [...ofSteps.keys()].sort(
      (left, right) => (ofSteps[left] ?? 0) - (ofSteps[right] ?? 0) || left - right,
    );
    const kept = rising.slice(0, Math.round(keptShare * rising.length)).reverse();
    // Closer together near the hardest: ranks 0, 1, 4, 9, ... of as many as there are.
    const stride = Math.max(1, Math.floor(kept.length / (2 * CANDIDATES * CANDIDATES)));
    const ranks = Array.from({length: CANDIDATES}, (_, rank) => rank * rank * stride);
    const watched = new Set(ranks.flatMap((rank) => kept[rank] ?? []));
    const unwatched = new Uint8Array(ofSteps.length);
    for (const step of kept) unwatched[step] = watched.has(step) ? 0 : 1;
    return {unwatched, watched};
  });
}

interface Gathered {
  readonly moments: readonly HindsightStep[];
  readonly candidates: readonly Candidate[];
}

function gather(hindsight: Hindsight, {nets}: CompiledTopology, choices: readonly StepChoice[]): Gathered {
  const moments: HindsightStep[] = [];
  const candidates: Candidate[] = [];
  let index = 0;
  for (const step of hindsight.steps) {
    const here = nets.filter(({scenario}) => choices[scenario]?.watched.has(index) ?? false);
    index += 1;
    if (here.length === 0) continue;
    const roomBytes = step.roomBytes.slice();
    const moment = moments.push({...step, roomBytes}) - 1;
    for (const net of here) {
      const demand = step.demands[net.scenario];
      if (demand === undefined || demand.totalBytes === 0) continue;
      const unavoidableBytes = step.unavoidableBytes[net.scenario] ?? 0;
      candidates.push({net, step: index - 1, moment, groupBytes: demand.groupBytes, unavoidableBytes});
    }
  }
  return {moments, candidates};
}

/** Begins with the rows that are known, and adds those that it finds to them: of each scenario the one that is short of most. */
async function solveFor(
  {moments, candidates}: Gathered,
  hostCount: number,
  known: Row[],
): Promise<Float64Array> {
  const most = Float64Array.from({length: hostCount}, (_, host) =>
    moments.reduce((bytes, {roomBytes}) => Math.max(bytes, roomBytes[host] ?? 0), 0),
  );
  if (candidates.length === 0) return new Float64Array(hostCount);
  const rounding = roundingOf(most);
  const program = await createMomentProgram(moments.map(({roomBytes}) => roomBytes));
  const momentOf = new Map(candidates.map(({step, moment}) => [step, moment]));
  const add = ({step, hosts, bytes}: Row): void => {
    program.addRow(momentOf.get(step) ?? 0, hosts, bytes);
  };
  try {
    known.forEach(add);
    for (let solves = 1; ; solves += 1) {
      const reserveBytes = program
        .solve()
        .map((bytes, host) => Math.min(most[host] ?? 0, Math.ceil(Math.max(0, bytes))));
      const held = moments.map(({roomBytes}) => holdWithin(reserveBytes, roomBytes));
      const worst = new Map<number, Row>();
      for (const one of candidates) {
        const row = violatedRow(one, held[one.moment], rounding);
        const {scenario} = one.net;
        if (row && row.missingBytes > (worst.get(scenario)?.missingBytes ?? 0)) worst.set(scenario, row);
      }
      if (worst.size === 0 || solves === MOST_SOLVES) return reserveBytes;
      for (const row of worst.values()) add(row);
      known.push(...worst.values());
    }
  } finally {
    program.dispose();
  }
}

/** Watches, for each scenario, the kept step at which most is avoidably stuck, of equal ones the first. False: there is none. */
function watchMore(
  {steps}: Hindsight,
  stuckSteps: StuckSteps,
  choices: readonly StepChoice[],
  reserveBytes: Float64Array,
): boolean {
  const worst = choices.map(() => ({step: -1, bytes: 0}));
  stuckSteps.each(reserveBytes, {
    // What is avoidably stuck is at most what is stuck.
    leastBytes: (scenario) => Math.max(1, worst[scenario]?.bytes ?? 0),
    visit: (scenario, index, stuckBytes) => {
      const step = steps[index];
      if (step === undefined || choices[scenario]?.unwatched[index] !== 1) return;
      const bytes = stuckBytes - (step.unavoidableBytes[scenario] ?? 0);
      if (bytes > roundingOf(step.roomBytes) && bytes >= (worst[scenario]?.bytes ?? 0))
        worst[scenario] = {step: index, bytes};
    },
  });
  for (const [scenario, {step}] of worst.entries()) {
    if (step < 0) continue;
    choices[scenario]?.watched.add(step);
    choices[scenario]?.unwatched.fill(0, step, step + 1);
  }
  return worst.some(({step}) => step >= 0);
}

function roundingOf(roomBytes: Float64Array): number {
  return Math.max(1, 2 * ROUNDING * roomBytes.length * Math.max(0, ...roomBytes));
}

interface Row {
  readonly step: number;
  readonly hosts: readonly number[];
  readonly bytes: number;
  /** By which it was violated. */
  readonly missingBytes: number;
}

/** The minimum cut of a candidate that is short of more than is unavoidable, as a row. */
function violatedRow(
  {net, step, groupBytes, unavoidableBytes}: Candidate,
  heldBytes: Float64Array | undefined,
  rounding: number,
): Row | undefined {
  if (heldBytes === undefined) return undefined;
  const {shortGroups, shortClasses} = routeDemand(net, groupBytes, heldBytes);
  const hosts = shortClasses.flatMap((index) => [...(net.classHosts[index] ?? [])]);
  const total = (values: Float64Array, indices: readonly number[]): number =>
    indices.reduce((sum, at) => sum + (values[at] ?? 0), 0);
  const bytes = total(groupBytes, shortGroups) - unavoidableBytes;
  const missingBytes = bytes - total(heldBytes, hosts);
  return missingBytes > rounding ? {step, hosts, bytes, missingBytes} : undefined;
}
