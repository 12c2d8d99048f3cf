import type {AllocationPolicy} from '../src/lib/allocation/index.js';
import {ALLOCATION_POLICIES} from '../src/lib/allocation/index.js';
import {createRandom, type Random, type Series} from '../src/lib/core/index.js';
import {forecastModel, SEASON_STEPS} from '../src/lib/forecasting/index.js';
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
 * All policies and the oracle over 1,000 volumes on 40 uneven hosts with 8 racks and 6 feeds, hourly, reviewed daily.
 * `cpu_seconds` is for `days` days after four weeks of warm-up (60 by default), without making the history;
 * `cpu_seconds_per_year` is that in proportion.
 */
export async function bench({days = 60, models = 'seasonal-naive'}: BenchOptions): Promise<BenchResult> {
  const random = createRandom('bench replay');
  const topology = buildTopology(random.fork('topology'));
  const histories = buildHistories(random.fork('usage'), topology, (days + WARM_UP_DAYS) * DAY_HOURS);
  const timed = ALLOCATION_POLICIES.map(timePolicy);
  const before = process.cpuUsage();
  const result = await replayHistory({
    histories,
    topology,
    policies: timed.map(({policy}) => policy),
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2},
    model: forecastModel(models),
    seasonSteps: SEASON_STEPS.hourly,
    warmUpSteps: WARM_UP_DAYS * DAY_HOURS,
    reviewSteps: DAY_HOURS,
    leadSteps: 0,
    horizonSteps: DAY_HOURS,
    refitReviews: 0,
    originCount: 40,
    random,
  });
  const cpuSeconds = secondsSince(before);
  const deciding = new Map(timed.map(({policy, seconds}) => [policy.name, seconds()]));
  return {
    name: 'replay',
    figures: {
      cpu_seconds: cpuSeconds,
      cpu_seconds_per_year: (cpuSeconds * YEAR_DAYS) / days,
      days,
      volumes: VOLUMES,
      hosts: HOSTS,
      boundaries: topology.boundaries.length,
      scenario_steps: result.scores.at(-1)?.scenarioSteps ?? 0,
    },
    table: tableOf(result, deciding),
  };
}

function tableOf(result: ReplayResult, deciding: ReadonlyMap<string, number>): BenchResult['table'] {
  return result.scores.map((score) => ({
    policy: score.policy,
    repaired_share: score.repairedShare,
    stuck_bytes: score.stuckBytes,
    mean_held_bytes: Math.round(score.meanHeldBytes),
    reserve_vs_oracle: score.reserveVsOracle ?? 0,
    changes: score.changes,
    deciding_cpu_seconds: deciding.get(score.policy) ?? 0,
  }));
}

/** The same policy, and the CPU time that its decisions took. */
function timePolicy(policy: AllocationPolicy): {
  readonly policy: AllocationPolicy;
  readonly seconds: () => number;
} {
  let seconds = 0;
  return {
    policy: {
      ...policy,
      decide: async (input) => {
        const before = process.cpuUsage();
        const decision = await policy.decide(input);
        seconds += secondsSince(before);
        return decision;
      },
    },
    seconds: () => seconds,
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
