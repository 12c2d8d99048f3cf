import {ALLOCATION_POLICIES, HINDSIGHT_POLICIES} from '../src/lib/allocation/index.js';
import {createRandom, type Random, type Series} from '../src/lib/core/index.js';
import {type ForecastModel, forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';
import {replayHistory, type ReplayResult} from '../src/lib/replay/index.js';
import type {Topology} from '../src/lib/topology/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

const HOSTS = 40;
const RACKS = 8;
const FEEDS = 6;
const VOLUMES = 1000;
const DAY_HOURS = 24;
const WARM_UP_DAYS = 28;
const YEAR_DAYS = 365;

/**
 * All policies and the oracle over 1,000 volumes on 40 uneven hosts with 8 racks and 6 feeds, hourly, reviewed daily, for
 * `days` days (a year unless told) after four weeks of warm-up. `cpu_seconds` is without making the history and without
 * what the model takes to fit and to foresee: that is `model_cpu_seconds`. `best-constant`, which looks back at all of it
 * several times, is counted in.
 */
export async function bench({days = 365, models = 'seasonal-naive'}: BenchOptions): Promise<BenchResult> {
  const random = createRandom('bench replay');
  const topology = buildTopology(random.fork('topology'));
  const histories = buildHistories(random.fork('usage'), topology, (days + WARM_UP_DAYS) * DAY_HOURS);
  const clock = createClock();
  const before = process.cpuUsage();
  const result = await replayHistory({
    histories,
    topology,
    policies: ALLOCATION_POLICIES.map((policy) => ({
      ...policy,
      decide: async (input) => clock.time(policy.name, async () => policy.decide(input)),
    })),
    hindsightPolicies: HINDSIGHT_POLICIES.map((policy) => ({
      ...policy,
      lookBack: async (hindsight) => clock.time(policy.name, async () => policy.lookBack(hindsight)),
    })),
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2},
    model: timeModel(forecastModel(models), clock),
    seasonSteps: SEASON_STEPS.hourly,
    warmUpSteps: WARM_UP_DAYS * DAY_HOURS,
    reviewSteps: DAY_HOURS,
    leadSteps: 0,
    horizonSteps: DAY_HOURS,
    refitReviews: 28,
    originCount: 40,
    random,
  });
  const modelSeconds = clock.seconds(MODEL);
  const cpuSeconds = secondsSince(before) - modelSeconds;
  return {
    name: 'replay',
    figures: {
      cpu_seconds: cpuSeconds,
      model_cpu_seconds: modelSeconds,
      cpu_seconds_per_year: (cpuSeconds * YEAR_DAYS) / days,
      days,
      volumes: VOLUMES,
      hosts: HOSTS,
      boundaries: topology.boundaries.length,
      scenario_steps: result.scores.at(-1)?.scenarioSteps ?? 0,
    },
    table: tableOf(result, clock),
  };
}

function tableOf(result: ReplayResult, clock: Clock): BenchResult['table'] {
  return result.scores.map((score) => ({
    policy: score.policy,
    repaired_share: score.repairedShare,
    stuck_bytes: score.stuckBytes,
    mean_held_bytes: Math.round(score.meanHeldBytes),
    reserve_vs_oracle: score.reserveVsOracle ?? 0,
    changes: score.changes,
    deciding_cpu_seconds: clock.seconds(score.policy),
  }));
}

/** How much CPU was spent on what, by name. */
interface Clock {
  time<T>(name: string, work: () => Promise<T>): Promise<T>;
  seconds(name: string): number;
}

const MODEL = 'model';

function createClock(): Clock {
  const spent = new Map<string, number>();
  return {
    time: async (name, work) => {
      const before = process.cpuUsage();
      const result = await work();
      spent.set(name, (spent.get(name) ?? 0) + secondsSince(before));
      return result;
    },
    seconds: (name) => spent.get(name) ?? 0,
  };
}

/** The same model, its fits and predictions timed. */
function timeModel(model: ForecastModel, clock: Clock): ForecastModel {
  return {
    ...model,
    fit: async (panel, options) => {
      const fitted = await clock.time(MODEL, async () => model.fit(panel, options));
      const predict: typeof fitted.predict = async (histories, horizonSteps) =>
        clock.time(MODEL, async () => fitted.predict(histories, horizonSteps));
      return {...fitted, predict};
    },
  };
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Hosts in racks and on feeds across the racks; two or three copies a volume, apart in both. */
function buildTopology(random: Random): Topology {
  const labels = Array.from({length: HOSTS}, (_, host) => ({
    rack: `r${host % RACKS}`,
    feed: `f${Math.floor(host / RACKS + random.below(FEEDS)) % FEEDS}`,
  }));
  const boundaries = (['rack', 'feed'] as const).flatMap((kind) =>
    [...new Set(labels.map((label) => label[kind]))].sort().map((value) => ({
      id: `${kind}/${value}`,
      kind,
      hosts: labels.flatMap((label, host) => (label[kind] === value ? [host] : [])),
    })),
  );
  return {
    serial: 'bench',
    fillLimit: 0.9,
    hosts: labels.map((label, host) => ({
      id: `host-${host}`,
      capacityBytes: Math.round((8 + 8 * random.next()) * 1e12),
      otherUsedBytes: 0,
      labels: new Map(Object.entries(label).map(([kind, value]) => [kind, [value]])),
    })),
    boundaries,
    volumes: Array.from({length: VOLUMES}, (_, volume) => ({
      id: `volume-${volume}`,
      replicas: drawReplicas(random, labels, 2 + random.below(2)),
      antiAffinity: ['rack', 'feed'],
      provisionedBytes: undefined,
      usedBytes: undefined,
    })),
    scenarios: boundaries.map(({id, hosts}) => ({id, boundaries: [id], hosts})),
  };
}

function drawReplicas(
  random: Random,
  labels: readonly {readonly rack: string; readonly feed: string}[],
  count: number,
): readonly number[] {
  const replicas: number[] = [];
  while (replicas.length < count) {
    const host = random.below(HOSTS);
    const isApart = replicas.every(
      (other) => labels[other]?.rack !== labels[host]?.rack && labels[other]?.feed !== labels[host]?.feed,
    );
    if (isApart) replicas.push(host);
  }
  return replicas;
}

/** Daily and weekly rhythm, growth, noise with memory; a tenth of the volumes are launched on the way. */
function buildHistories(random: Random, topology: Topology, steps: number): readonly Series[] {
  return topology.volumes.map(({id}): Series => {
    const peakBytes = Math.exp(random.normal()) * 55e9;
    const launch = random.next() < 0.1 ? random.below(steps) : 0;
    const [growth, day, week, zone] = [
      random.next() * 0.3,
      random.next() * 0.15,
      random.next() * 0.1,
      random.below(24),
    ];
    let noise = 0;
    const values = Float64Array.from({length: steps}, (_, step) => {
      noise = 0.95 * noise + 0.01 * random.normal();
      const rhythm = day * Math.sin(((step + zone) * Math.PI) / 12) + week * Math.sin((step * Math.PI) / 84);
      const share = Math.max(0.05, 1 + rhythm + noise + (growth * step) / steps);
      return step < launch ? Number.NaN : Math.round(peakBytes * share);
    });
    return {id, startUs: 0, stepSeconds: 3600, values};
  });
}
