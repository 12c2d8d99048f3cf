import {formatBytes} from '../core/index.js';
import {type AdmitAttempt, attemptWith} from './admit-attempt.js';
import type {Situation} from './apply-what-if.js';
import type {ChosenHosts, NewVolumes} from './choose-hosts.js';
import {makePlan, type PlanRequest} from './make-plan.js';
import type {Plan} from './plan-file.js';

/** The first thing that breaks. */
export interface Breakage {
  /** Empty: not even without a failure is there a place. */
  readonly scenario: string;
  /** Bytes short. */
  readonly missingBytes: number;
  readonly message: string;
  /** Who waits for a place in that scenario, the first to be covered first; absent: nobody, or nobody knows. */
  readonly waiting?: NonNullable<Plan['waiting']>['volumes'];
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
  /** What of the buffer without them is for volumes that are yet to come; absent: none are counted. */
  readonly launches?: Plan['launches'];
  /** The buffer that all scenarios need without the new volumes, and with them: undefined when there is none. */
  readonly bufferBytes: number | undefined;
  readonly bufferWithBytes: number | undefined;
}

/** How a plan for a situation is made: everything but the situation itself. */
export type PlanBasis = Omit<PlanRequest, 'input' | 'withCertificate'> & {
  readonly settings: PlanRequest['input']['settings'];
  /** Which volumes come first; asked only where not all are covered. New ones come last. */
  readonly priority?: PlanRequest['input']['priority'];
};

const MOST_COUNT = 100_000;

/**
 * Places new volumes beside the buffer of the situation, then asks whether every scenario, their own copies included,
 * can still be repaired: they are admitted only when the independent checker accepts a plan with them, and that plan has
 * room for the volumes that are yet to come, where the situation counts any. Where it cannot, the hosts of the minimum cut
 * are avoided and others tried. `no` means that no placement was found, not that none exists; `most` is found by doubling
 * and bisection.
 */
export async function admitVolumes(
  situation: Situation,
  wanted: NewVolumes,
  basis: PlanBasis,
): Promise<Admission> {
  const before = await planFor(situation, basis);
  const nothing = {admitted: false, placements: [], most: 0, bufferWithBytes: undefined};
  const found = breakageOf(before);
  if (found !== undefined) {
    const firstBreak = {...found, message: `already without them: ${found.message}`};
    return {...nothing, firstBreak, bufferBytes: undefined};
  }
  const {launches} = before;
  const same = {bufferBytes: totalOf(before), ...(launches && {launches})};
  const attempt = attemptWith(situation, before, wanted, basis.settings);
  const asked = attempt(wanted.count);
  const askedPlan = asked.fits ? await planFor(asked.situation, basis) : undefined;
  const admitted = askedPlan !== undefined && breakageOf(askedPlan) === undefined;
  const most = await mostThatFit(attempt, wanted.count, admitted, basis);
  const firstBreak = most === MOST_COUNT ? undefined : await breakOf(attempt(most + 1), wanted, basis);
  if (!admitted) return {...nothing, ...same, most, firstBreak};
  const placements = nameHosts(asked.situation, situation.topology.volumes.length);
  return {admitted, placements, most, firstBreak, ...same, bufferWithBytes: totalOf(askedPlan)};
}

/** What a plan cannot cover; undefined: it covers all, volumes that are yet to come included. */
function breakageOf(plan: Plan): Breakage | undefined {
  if (!plan.feasible) return worstUncovered(plan);
  const {shortBytes: missingBytes = 0, shortScenario: scenario = ''} = plan.launches ?? {};
  if (missingBytes === 0) return undefined;
  const message = `for ${formatBytes(missingBytes)} of volumes that are yet to come there is no room if ${scenario} fails`;
  return {scenario, missingBytes, message};
}

/**
 * The largest count that an attempt fits. An attempt judges the room for volumes that are yet to come by a reserve of its
 * own, a plan by the least: where any come, the count is confirmed by a plan, or else looked for by plans.
 */
async function mostThatFit(
  attempt: (count: number) => AdmitAttempt,
  asked: number,
  admitted: boolean,
  basis: PlanBasis,
): Promise<number> {
  const known = admitted ? asked : 0;
  const most = await largestThat((count) => attempt(count).fits, known, admitted ? Infinity : asked);
  const isPlanned = async (count: number): Promise<boolean> => {
    const {fits, situation} = attempt(count);
    return fits && breakageOf(await planFor(situation, basis)) === undefined;
  };
  const isSure = most === known || attempt(most).situation.launches === undefined;
  return isSure || (await isPlanned(most)) ? most : largestThat(isPlanned, known, most);
}

/** By doubling from a count that is known to be good, then by bisection up to one that is not (Infinity: unknown). */
async function largestThat(
  isGood: (count: number) => boolean | Promise<boolean>,
  known: number,
  bad: number,
): Promise<number> {
  let [fits, fails] = [known, bad];
  while (fits < MOST_COUNT && fails - fits > 1) {
    const count = fails === Infinity ? Math.min(MOST_COUNT, 2 * fits) : Math.floor((fits + fails) / 2);
    if (await isGood(count)) fits = count;
    else fails = count;
  }
  return fits;
}

async function breakOf(
  {fits, count, chosen, situation}: AdmitAttempt,
  wanted: NewVolumes,
  basis: PlanBasis,
): Promise<Breakage | undefined> {
  if (chosen.placed.length < count) return noPlace(count, chosen, wanted);
  const plan = await planFor(situation, basis);
  return breakageOf(plan) ?? (fits ? undefined : worstUncovered(plan));
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

function worstUncovered({uncovered, boundaries, waiting}: Plan): Breakage {
  const stuck = new Map(boundaries.map(({scenario, stuckBytes}) => [scenario, stuckBytes]));
  const missing = ({scenario, demandBytes, roomBytes}: Plan['uncovered'][number]): number =>
    Math.max(demandBytes - roomBytes, stuck.get(scenario) ?? 0);
  const [worst] = uncovered.toSorted((left, right) => missing(right) - missing(left));
  const scenario = worst?.scenario ?? '';
  const rows = waiting?.volumes.filter((row) => row.scenario === scenario) ?? [];
  return worst === undefined
    ? {scenario: '', missingBytes: 0, message: 'no placement of whole volumes was found'}
    : {
        scenario,
        missingBytes: missing(worst),
        message: worst.message,
        ...(rows.length > 0 && {waiting: rows}),
      };
}

function planFor(
  {topology, usedBytes, forecast, launches}: Situation,
  {settings, priority, ...request}: PlanBasis,
): Promise<Plan> {
  const currentReserveBytes = new Float64Array(topology.hosts.length);
  const toCome = launches && {launches: () => launches.demands};
  const ranked = priority && {priority};
  const input = {topology, usedBytes, forecast, settings, currentReserveBytes, ...toCome, ...ranked};
  return makePlan({
    ...request,
    ...{input, withCertificate: false},
    ...(launches && {launches: launches.told}),
  });
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
