import {
  compileTopology,
  type ForeseenLaunches,
  foreseeLaunches,
  longestRepair,
  type Plan,
  type PolicySettings,
  predictUse,
  type RepairTime,
  scenarioDemand,
  sumOfLaunches,
} from '../allocation/index.js';
import {
  createRandom,
  formatBytes,
  formatDurationRoughly,
  GRANULARITY_SECONDS,
  InputError,
  UsageError,
} from '../core/index.js';
import type {Topology} from '../topology/index.js';
import {foreseeFrom, type Foreseen, type ForeseeOptions, readUsageHistory} from './foresee-usage.js';

/** How long a buffer must suffice: stated, or made of what comes until it is used up and held anew. */
export type PlanHorizon = {readonly seconds: number} | HorizonParts;

export interface HorizonParts {
  /** From a decision until the space can be had. */
  readonly leadSeconds: number;
  /** From one plan to the next. */
  readonly reviewSeconds: number;
  /** What one host takes while it re-creates replicas; absent: what the topology states. */
  readonly recoveryBytesPerSecond?: number | undefined;
}

export interface HorizonOptions extends Omit<ForeseeOptions, 'horizonSeconds'> {
  readonly horizon: PlanHorizon;
  readonly settings: PolicySettings;
  /** Whether volumes that are yet to come are reckoned with. */
  readonly withLaunches: boolean;
}

export interface ForeseenOverHorizon extends Foreseen {
  readonly horizonSeconds: number;
  /** Absent: not asked for, a fixed factor (which stands for all that is not known), or no volume has a history. */
  readonly launches?: ForeseenLaunches | undefined;
  /** What the horizon is made of, where it was not stated. */
  readonly horizon?: NonNullable<Plan['horizon']>;
}

/** So often a repair may turn out longer than the horizon had allowed for. */
const MOST_ROUNDS = 8;

/**
 * Foresees the peaks over the horizon. One that is made of lead time, review period and repair is found by turns: the
 * longest repair at the plan's level of what is foreseen so far lengthens the horizon, over which more is foreseen, until
 * the horizon holds its own repair. While a replica is re-created its volume grows: the horizon reaches to the end of
 * the repair, so that this growth is in the peaks. Blocks rewritten meanwhile take no more space; they take of the
 * host's time, and the rate is what is left beside that.
 *
 * Throws UsageError without a rate, InputError when growth outruns it, and what `readUsageHistory` throws.
 */
export async function foreseeOverHorizon(
  topology: Topology,
  options: HorizonOptions,
): Promise<ForeseenOverHorizon> {
  const {horizon} = options;
  const rate = rateOf(topology, horizon);
  const history = await readUsageHistory(topology, options);
  if ('seconds' in horizon || rate === undefined) {
    const horizonSeconds = 'seconds' in horizon ? horizon.seconds : 0;
    const foreseen = await foreseeFrom(history, {...options, horizonSeconds});
    const launches = launchesAt(topology, foreseen, horizonSeconds, options);
    return {...withLaunchWarnings(foreseen, launches), horizonSeconds};
  }
  const stepSeconds = GRANULARITY_SECONDS[history.granularity];
  const beforeRepair = horizon.leadSeconds + horizon.reviewSeconds;
  const wholeSteps = (seconds: number): number => Math.ceil(seconds / stepSeconds) * stepSeconds;
  let horizonSeconds = wholeSteps(beforeRepair + 1);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const foreseen = await foreseeFrom(history, {...options, horizonSeconds});
    const launches = launchesAt(topology, foreseen, horizonSeconds, options);
    const repair = repairOf(topology, {...foreseen, launches}, options.settings, rate);
    if (beforeRepair + repair.seconds <= horizonSeconds) {
      const terms = tellTerms(horizon, repair, rate);
      return {
        ...withLaunchWarnings(foreseen, launches),
        horizonSeconds: beforeRepair + repair.seconds,
        horizon: terms,
      };
    }
    horizonSeconds = wholeSteps(beforeRepair + repair.seconds);
  }
  throw new InputError(
    'repair-never-ends',
    `at ${formatBytes(rate)}/s a host, repair takes more than ${formatDurationRoughly(horizonSeconds - beforeRepair)}, and volumes grow meanwhile so that it takes longer still`,
    {hints: ['a higher --recovery-rate, or a stated --horizon']},
  );
}

/** The volumes to come; undefined where they are not to be reckoned with. */
export function launchesAt(
  topology: Topology,
  {usage, forecast}: Pick<Foreseen, 'usage' | 'forecast'>,
  horizonSeconds: number,
  {withLaunches, settings, seed}: Pick<HorizonOptions, 'withLaunches' | 'settings' | 'seed'>,
  heldSteps = 0,
): ForeseenLaunches | undefined {
  if (!withLaunches || settings.fixedFactor !== undefined || usage.series.length === 0) return undefined;
  const random = createRandom(seed).fork('launches');
  return foreseeLaunches(topology, usage, forecast, {horizonSeconds, settings, random, heldSteps});
}

function withLaunchWarnings(
  foreseen: Foreseen,
  launches: ForeseenLaunches | undefined,
): Foreseen & Pick<ForeseenOverHorizon, 'launches'> {
  return {...foreseen, launches, warnings: [...foreseen.warnings, ...(launches?.warnings ?? [])]};
}

function repairOf(
  topology: Topology,
  {forecast, launches}: Pick<ForeseenOverHorizon, 'forecast' | 'launches'>,
  settings: PolicySettings,
  bytesPerSecond: number,
): RepairTime {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, settings);
  const added = sumOfLaunches(launches?.demands ?? [], compiled.nets.length);
  const demands = compiled.nets.map((net, scenario) => {
    const demand = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]);
    return {...demand, totalBytes: demand.totalBytes + (added[scenario] ?? 0)};
  });
  return longestRepair(compiled, demands, use.roomBytes, bytesPerSecond);
}

/** Undefined where the horizon is stated. */
function rateOf({recoveryBytesPerSecond}: Topology, horizon: PlanHorizon): number | undefined {
  if ('seconds' in horizon) return undefined;
  const rate = horizon.recoveryBytesPerSecond ?? recoveryBytesPerSecond;
  if (rate !== undefined) return rate;
  throw new UsageError('no-recovery-rate', 'how long a repair takes is not known without a rate', {
    hints: [
      '--recovery-rate 200MB/s: what one host takes while it re-creates replicas',
      'or state it in the topology: recoveryRate: 200MB/s',
    ],
  });
}

function tellTerms(
  {leadSeconds, reviewSeconds}: HorizonParts,
  {seconds, scenario, demandBytes, hostCount}: RepairTime,
  recoveryBytesPerSecond: number,
): NonNullable<Plan['horizon']> {
  const repair = {repairSeconds: seconds, recoveryBytesPerSecond, scenario, demandBytes, hostCount};
  return {leadSeconds, reviewSeconds, ...repair};
}
