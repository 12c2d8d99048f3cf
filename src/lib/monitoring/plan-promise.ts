import {compileTopology, levelOfScenario, type Plan} from '../allocation/index.js';
import {groupBy, parseInstantUs, type Series, sum, US_PER_SECOND} from '../core/index.js';
import {judgeReserve, type ScenarioOutcome} from '../replay/index.js';
import type {Topology} from '../topology/index.js';

/** How far a plan kept what it promised in one scenario. */
export interface ScenarioPromise extends ScenarioOutcome {
  /** Share of cases in which the buffer was to suffice; absent: nothing was promised. */
  readonly level?: number;
}

/** How far a plan kept what it promised, by what really happened while it was in force. */
export interface PlanPromise {
  readonly sha256: string;
  readonly policy: string;
  readonly createdAtUs: number;
  /** Steps that begin from here on and have ended by `toUs`. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Nothing more will come of it: a day ago the next plan took over, or its horizon was over. */
  readonly isOver: boolean;
  readonly scenarios: readonly ScenarioPromise[];
}

/** When a plan is in force. */
export interface PlanSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** From when it is held, lead time after it was made, until its horizon is over or the next plan is held. */
export function spanOfPlan(plan: Plan, next: Plan | undefined): PlanSpan {
  const fromUs = heldFromUs(plan);
  const {leadSeconds = 0} = plan.horizon ?? {};
  const endUs = fromUs + (plan.settings.horizonSeconds - leadSeconds) * US_PER_SECOND;
  return {fromUs, toUs: next === undefined ? endUs : Math.max(fromUs, Math.min(endUs, heldFromUs(next)))};
}

function heldFromUs({createdAt, horizon}: Plan): number {
  return (parseInstantUs(createdAt) ?? Number.NaN) + (horizon?.leadSeconds ?? 0) * US_PER_SECOND;
}

/**
 * Fails every scenario at every step of a span while what a plan says is held, as if it had been applied. Nothing is promised by
 * a plan with a fixed factor, nor of scenarios of which it says itself that copies find no place. Volumes that lose every copy
 * are no part of it.
 */
export function judgePlan(
  plan: Plan,
  topology: Topology,
  histories: readonly Series[],
  span: PlanSpan,
): readonly ScenarioPromise[] {
  const reserveOf = new Map(plan.hosts.map(({host, reserveBytes}) => [host, reserveBytes]));
  const reserveBytes = Float64Array.from(topology.hosts, ({id}) => reserveOf.get(id) ?? 0);
  const outcomes = judgeReserve({...{topology, reserveBytes, histories}, ...span});
  const uncovered = new Set(
    plan.boundaries.filter(({stuckBytes}) => stuckBytes > 0).map(({scenario}) => scenario),
  );
  const {level, levels, fixedFactor} = plan.settings;
  const safety = {level, ...(levels && {levels})};
  const {nets} = compileTopology(topology);
  return outcomes.map((outcome, index) => {
    const net = nets[index];
    const isPromised = fixedFactor === undefined && net !== undefined && !uncovered.has(outcome.scenario);
    return {...outcome, ...(isPromised && {level: levelOfScenario(topology, net, safety)})};
  });
}

/** How far promises were kept, all plans and scenarios of one level together. */
export interface PromiseTally {
  readonly level: number;
  /** A scenario happening at a step, alone. */
  readonly scenarioSteps: number;
  readonly keptSteps: number;
  readonly keptShare: number;
  /** Plans times scenarios, and those in which not one step was broken. */
  readonly cases: number;
  readonly keptCases: number;
  /** The share that was broken is larger than the level allows. */
  readonly isBroken: boolean;
}

/** Adds up promises by level, the highest first. */
export function tallyPromises(promises: readonly PlanPromise[]): readonly PromiseTally[] {
  const promised = promises
    .flatMap(({scenarios}) => scenarios)
    .flatMap(({level, ...outcome}) =>
      level === undefined || outcome.steps === 0 ? [] : [{level, ...outcome}],
    );
  return [...groupBy(promised, ({level}) => level)]
    .map(([level, cases]) => {
      const scenarioSteps = sum(cases.map(({steps}) => steps));
      const keptSteps = sum(cases.map((one) => one.keptSteps));
      const keptShare = keptSteps / scenarioSteps;
      const keptCases = cases.filter((one) => one.keptSteps === one.steps).length;
      return {
        ...{level, scenarioSteps, keptSteps, keptShare, isBroken: keptShare < level},
        ...{cases: cases.length, keptCases},
      };
    })
    .sort((left, right) => right.level - left.level);
}
