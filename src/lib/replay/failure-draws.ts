import type {Random} from '../core/index.js';
import type {FailureScenario, Topology} from '../topology/index.js';

/** Which failures happen in a replay. A *draw* is one course that fate might have taken over the steps scored. */
export interface FailureDraws {
  readonly drawCount: number;
  /** The draws in which a scenario happens at a step, one entry each time that it does. */
  drawsOf(step: number, scenario: number): readonly number[];
}

const EVERY: readonly number[] = [0];
const NONE: readonly number[] = [];

/** One draw, in which every scenario happens at every step. */
export const everyFailure: FailureDraws = {drawCount: 1, drawsOf: () => EVERY};

/** How often scenarios happen, and how many courses are drawn. */
export interface FailureRates {
  /** Failures a year of each scenario, in the order of the topology's scenarios. */
  readonly perYear: Float64Array;
  readonly drawCount: number;
}

const HOURS_PER_YEAR = 365.25 * 24;

/**
 * Random failures: in each draw every scenario happens by a Poisson process of its own, each time alone, at the step into
 * which it falls (Monte Carlo; what overlaps in time is not joined). The same for all policies, so that their differences
 * are not those of their luck. Steps are those from `fromStep` up to `toStep` (exclusive).
 */
export function drawFailures(
  {perYear, drawCount}: FailureRates,
  {
    fromStep,
    toStep,
    stepHours,
  }: {readonly fromStep: number; readonly toStep: number; readonly stepHours: number},
  random: Random,
): FailureDraws {
  const happened = new Map<number, number[]>();
  const years = ((toStep - fromStep) * stepHours) / HOURS_PER_YEAR;
  for (let draw = 0; draw < drawCount; draw += 1) {
    const source = random.fork(`draw ${draw}`);
    for (const [scenario, rate] of perYear.entries()) {
      for (let at = nextEvent(source, rate); at < years; at += nextEvent(source, rate)) {
        const step = fromStep + Math.floor((at / years) * (toStep - fromStep));
        const key = step * perYear.length + scenario;
        const draws = happened.get(key);
        if (draws === undefined) happened.set(key, [draw]);
        else draws.push(draw);
      }
    }
  }
  return {drawCount, drawsOf: (step, scenario) => happened.get(step * perYear.length + scenario) ?? NONE};
}

/** Years until the next event of a Poisson process. */
function nextEvent(random: Random, perYear: number): number {
  return perYear > 0 ? -Math.log(1 - random.next()) / perYear : Infinity;
}

/** A rate a year for all scenarios, and others by scenario, boundary id or boundary kind. */
export interface StatedRates {
  readonly perYear: number;
  readonly named: Readonly<Record<string, number>>;
}

/**
 * The rate of each scenario: the one stated for its id, else the highest one stated for a boundary that fails in it or for
 * the kind of one, else the one for all.
 */
export function ratesOf(topology: Topology, {perYear, named}: StatedRates): Float64Array {
  const kinds = new Map(topology.boundaries.map(({id, kind}) => [id, kind]));
  const rateOf = ({id, boundaries}: FailureScenario): number => {
    const own = named[id];
    if (own !== undefined) return own;
    const ofBoundaries = boundaries.flatMap(
      (boundary) => named[boundary] ?? named[kinds.get(boundary) ?? ''] ?? [],
    );
    return ofBoundaries.length === 0 ? perYear : Math.max(...ofBoundaries);
  };
  return Float64Array.from(topology.scenarios, rateOf);
}

/** Names of rates that are no scenario, no boundary and no boundary kind. */
export function unknownRates(topology: Topology, {named}: StatedRates): readonly string[] {
  const known = new Set([
    ...topology.scenarios.map(({id}) => id),
    ...topology.boundaries.flatMap(({id, kind}) => [id, kind]),
  ]);
  return Object.keys(named).filter((name) => !known.has(name));
}
