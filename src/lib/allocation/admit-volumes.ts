import {formatBytes} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import type {Situation} from './apply-what-if.js';
import {placeScenario} from './certificate.js';
import {chooseHosts, type ChosenHosts, type NewVolumes, withNewVolumes} from './choose-hosts.js';
import {compileTopology} from './compile-topology.js';
import {makePlan, type PlanRequest} from './make-plan.js';
import type {Plan} from './plan-file.js';
import {predictUse} from './predicted-use.js';
import type {SafetySettings} from './safety-level.js';
import {scenarioDemand} from './scenario-demand.js';
import {findShortCut} from './short-cut.js';

/** The first thing that breaks. */
export interface Breakage {
  /** Empty: not even without a failure is there a place. */
  readonly scenario: string;
  /** Bytes short. */
  readonly missingBytes: number;
  readonly message: string;
}

/** Whether new volumes may be placed. */
export interface Admission {
  readonly admitted: boolean;
  /** Hosts of each new volume; empty when they are not admitted. */
  readonly placements: readonly {readonly volume: string; readonly hosts: readonly string[]}[];
  /** How many of the same were found to fit, the ones asked for included; more were not. */
  readonly most: number;
  /** What breaks with one more than that. */
  readonly firstBreak: Breakage | undefined;
  /** The buffer that all scenarios need without the new volumes, and with them: undefined when there is none. */
  readonly bufferBytes: number | undefined;
  readonly bufferWithBytes: number | undefined;
}

/** How a plan for a situation is made: everything but the situation itself. */
export type PlanBasis = Omit<PlanRequest, 'input' | 'withCertificate'> & {
  readonly settings: PlanRequest['input']['settings'];
};

/** How often other hosts are tried after those of a cut. */
const ATTEMPTS = 5;
/** What a host that was in a cut counts for in the next attempt. */
const CUT_WEIGHT = 0.5;
const MOST_COUNT = 100_000;

/**
 * Places new volumes beside the buffer of the situation, then asks whether every scenario, their own copies included,
 * can still be repaired: they are admitted only when the independent checker accepts a plan with them. Where it cannot,
 * the hosts of the minimum cut are avoided and others tried. `no` means that no placement was found, not that none
 * exists; `most` is found by doubling and bisection.
 */
export async function admitVolumes(
  situation: Situation,
  wanted: NewVolumes,
  basis: PlanBasis,
): Promise<Admission> {
  const before = await planFor(situation, basis);
  const nothing = {admitted: false, placements: [], most: 0, bufferWithBytes: undefined};
  if (!before.feasible) {
    const found = worstUncovered(before);
    const firstBreak = {...found, message: `already without them: ${found.message}`};
    return {...nothing, firstBreak, bufferBytes: undefined};
  }
  const bufferBytes = totalOf(before);
  const attempt = createAttempt(situation, before, wanted, basis.settings);
  const asked = attempt(wanted.count);
  const askedPlan = asked.fits ? await planFor(asked.situation, basis) : undefined;
  const admitted = askedPlan?.feasible ?? false;
  const most = mostThatFit(attempt, wanted.count, admitted);
  const firstBreak = most === MOST_COUNT ? undefined : await breakOf(attempt(most + 1), wanted, basis);
  if (!admitted || askedPlan === undefined) return {...nothing, most, firstBreak, bufferBytes};
  const placements = nameHosts(asked.situation, situation.topology.volumes.length);
  return {admitted, placements, most, firstBreak, bufferBytes, bufferWithBytes: totalOf(askedPlan)};
}

/** A number of new volumes on hosts, and whether every scenario can be repaired then. */
interface Attempt {
  readonly count: number;
  readonly situation: Situation;
  readonly chosen: ChosenHosts;
  readonly fits: boolean;
}

function createAttempt(
  situation: Situation,
  before: Plan,
  wanted: NewVolumes,
  safety: SafetySettings,
): (count: number) => Attempt {
  const room = Float64Array.from(before.hosts, ({roomBytes}) => roomBytes);
  const besideBuffer = Float64Array.from(
    before.hosts,
    ({roomBytes, reserveBytes}) => roomBytes - reserveBytes,
  );
  return (count) => {
    const weights = new Float64Array(room.length).fill(1);
    let last: Attempt | undefined;
    for (let round = 0; round < ATTEMPTS; round += 1) {
      const spare = round === 0 ? besideBuffer : room;
      const chosen = chooseHosts(situation.topology, {...wanted, count}, spare, weights);
      const withThem = extendSituation(situation, wanted, chosen.placed);
      const isPlaced = chosen.placed.length === count;
      const cutHosts = isPlaced ? findCutHosts(withThem, safety) : [];
      last = {count, situation: withThem, chosen, fits: isPlaced && cutHosts === undefined};
      if (last.fits) return last;
      for (const host of cutHosts ?? []) weights[host] = (weights[host] ?? 1) * CUT_WEIGHT;
      if (round > 0 && !isPlaced) return last;
    }
    return last ?? {count, situation, chosen: {placed: [], mostLeftBytes: 0}, fits: false};
  };
}

function extendSituation(
  situation: Situation,
  wanted: NewVolumes,
  placed: readonly (readonly number[])[],
): Situation {
  const extend = (values: Float64Array): Float64Array => {
    const extended = new Float64Array(values.length + placed.length).fill(wanted.copyBytes);
    extended.set(values);
    return extended;
  };
  const {point, samples} = situation.forecast;
  const forecast: PeakForecast = {point: extend(point), samples: samples.map(extend)};
  const topology = withNewVolumes(situation.topology, wanted, placed);
  return {...situation, topology, usedBytes: extend(situation.usedBytes), forecast};
}

/** Hosts of the minimum cuts of the scenarios that do not fit into the room; undefined when all fit, whole. */
function findCutHosts(
  {topology, forecast}: Situation,
  safety: SafetySettings,
): readonly number[] | undefined {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, safety);
  const indexOf = new Map(topology.hosts.map(({id}, host) => [id, host]));
  const hosts = new Set<number>();
  let allFit = true;
  for (const [scenario, net] of compiled.nets.entries()) {
    const demand = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]);
    if (placeScenario(compiled, net, demand, use.roomBytes).stuckBytes === 0) continue;
    allFit = false;
    const cut = findShortCut(compiled, net, demand, use.roomBytes);
    for (const host of cut?.hosts ?? []) hosts.add(indexOf.get(host) ?? -1);
  }
  return allFit ? undefined : [...hosts];
}

/** The largest count that an attempt fits, found by doubling from the count asked for, then by bisection. */
function mostThatFit(attempt: (count: number) => Attempt, asked: number, admitted: boolean): number {
  let fits = admitted ? asked : 0;
  let fails = admitted ? Infinity : asked;
  while (fits < MOST_COUNT && fails - fits > 1) {
    const count = fails === Infinity ? Math.min(MOST_COUNT, 2 * fits) : Math.floor((fits + fails) / 2);
    if (attempt(count).fits) fits = count;
    else fails = count;
  }
  return fits;
}

async function breakOf(
  {fits, count, chosen, situation}: Attempt,
  wanted: NewVolumes,
  basis: PlanBasis,
): Promise<Breakage | undefined> {
  if (fits) return undefined;
  if (chosen.placed.length < count) return noPlace(count, chosen, wanted);
  return worstUncovered(await planFor(situation, basis));
}

function noPlace(count: number, {placed, mostLeftBytes}: ChosenHosts, wanted: NewVolumes): Breakage {
  const {copyBytes, replicas, tier, antiAffinity} = wanted;
  const missingBytes = Math.max(0, copyBytes - mostLeftBytes);
  const which = tier === undefined ? 'hosts' : `hosts of tier ${tier}`;
  const rule = antiAffinity.length === 0 ? '' : ` apart in ${antiAffinity.join(', ')}`;
  const most = missingBytes > 0 ? `; the most left on one is ${formatBytes(mostLeftBytes)}` : '';
  const message = `volume ${placed.length + 1} of ${count} finds no ${replicas} ${which}${rule} with ${formatBytes(copyBytes)} left${most}`;
  return {scenario: '', missingBytes, message};
}

function worstUncovered({uncovered, boundaries}: Plan): Breakage {
  const stuck = new Map(boundaries.map(({scenario, stuckBytes}) => [scenario, stuckBytes]));
  const missing = ({scenario, demandBytes, roomBytes}: Plan['uncovered'][number]): number =>
    Math.max(demandBytes - roomBytes, stuck.get(scenario) ?? 0);
  const [worst] = uncovered.toSorted((left, right) => missing(right) - missing(left));
  return worst === undefined
    ? {scenario: '', missingBytes: 0, message: 'no placement of whole volumes was found'}
    : {scenario: worst.scenario, missingBytes: missing(worst), message: worst.message};
}

function planFor(
  {topology, usedBytes, forecast}: Situation,
  {settings, ...request}: PlanBasis,
): Promise<Plan> {
  const currentReserveBytes = new Float64Array(topology.hosts.length);
  const input = {topology, usedBytes, forecast, settings, currentReserveBytes};
  return makePlan({...request, input, withCertificate: false});
}

function totalOf({hosts}: Plan): number {
  return hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
}

function nameHosts({topology}: Situation, from: number): Admission['placements'] {
  return topology.volumes.slice(from).map(({id, replicas}) => ({
    volume: id,
    hosts: replicas.map((host) => topology.hosts[host]?.id ?? ''),
  }));
}
