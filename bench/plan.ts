import {
  allocationPolicy,
  compileTopology,
  type CompiledTopology,
  makePlan,
  type Plan,
  predictUse,
  type PredictedUse,
  scenarioDemand,
  searchLeastReserve,
} from '../src/lib/allocation/index.js';
import {createRandom} from '../src/lib/core/index.js';
import type {PeakForecast} from '../src/lib/forecasting/index.js';
import type {Topology} from '../src/lib/topology/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {secondsSince, solveFlowProgram} from './flow-program.js';
import {buildCluster, drawForecast} from './plan-cluster.js';

const HOSTS = 1000;
const LIMIT_SECONDS = 60;
/** The plain formulation is given ever larger clusters until it fails. */
const FIRST_PEER_HOSTS = 24;
const PEER_GROWTH = 1.25;
const SETTINGS = {level: 0.99, safetyFactor: 1.2, staticShare: 0.2};

/**
 * A certified plan for `rows` hosts (1,000) with a hundred volumes each, in 60 racks, on 8 feeds and 12 switches, every
 * host a boundary too; then the plain flow formulation at the largest size that HiGHS solves in a minute, and our
 * program at the same sizes. `peak_rss_gb` is the process's up to the end of the plan.
 */
export async function bench({rows: hosts = HOSTS}: BenchOptions): Promise<BenchResult> {
  const topology = buildCluster(createRandom('bench plan'), hosts);
  const forecast = drawForecast(createRandom('bench plan use'), topology);
  const before = process.cpuUsage();
  const plan = await certifiedPlan(topology, forecast);
  const cpuSeconds = secondsSince(before);
  const peakRssGb = process.resourceUsage().maxRSS / 2 ** 20;
  const peers = await comparePlain();
  return {
    name: 'plan',
    figures: {
      hosts,
      volumes: topology.volumes.length,
      scenarios: topology.scenarios.length,
      cpu_seconds: cpuSeconds,
      peak_rss_gb: peakRssGb,
      certificate_accepted: plan.feasible ? 1 : 0,
      copies_placed: plan.certificate?.reduce((sum, {placements}) => sum + placements.length, 0) ?? 0,
      whole_over_fractional: await overFractional(topology, forecast, plan),
      ...largestPeer(peers),
    },
    table: peers,
  };
}

function certifiedPlan(topology: Topology, forecast: PeakForecast): Promise<Plan> {
  return makePlan({
    policy: allocationPolicy('shared'),
    input: {
      ...{topology, usedBytes: forecast.point, forecast, settings: SETTINGS},
      currentReserveBytes: new Float64Array(topology.hosts.length),
    },
    ...{createdAtUs: 0, validForSeconds: 86_400, horizonSeconds: 604_800, tool: 'bench'},
    ...{inputs: [], warnings: [], withCertificate: true},
  });
}

/** What the reserve for whole volumes holds over the least one for volumes cut into bytes. */
async function overFractional(topology: Topology, forecast: PeakForecast, plan: Plan): Promise<number> {
  const {totalBytes} = await leastReserve(...prepare(topology, forecast));
  return plan.hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0) / totalBytes;
}

function prepare(topology: Topology, forecast: PeakForecast): [CompiledTopology, PredictedUse] {
  const compiled = compileTopology(topology);
  return [compiled, predictUse(compiled, forecast, SETTINGS)];
}

function demandsOf(
  {nets}: CompiledTopology,
  {volumeBytes, scenarioFactor}: PredictedUse,
): ReturnType<typeof scenarioDemand>[] {
  return nets.map((net, scenario) => scenarioDemand(net, volumeBytes, scenarioFactor[scenario]));
}

async function leastReserve(
  compiled: CompiledTopology,
  use: PredictedUse,
): Promise<{readonly totalBytes: number; readonly cpuSeconds: number}> {
  const before = process.cpuUsage();
  const search = await searchLeastReserve(compiled, demandsOf(compiled, use), use.roomBytes);
  const totalBytes = search.least().reserveBytes.reduce((sum, bytes) => sum + bytes, 0);
  search.dispose();
  return {totalBytes, cpuSeconds: secondsSince(before)};
}

interface PeerRow extends Readonly<Record<string, string | number>> {
  readonly hosts: number;
  readonly plain_seconds: number | string;
  readonly cut_seconds: number;
}

function largestPeer(peers: readonly PeerRow[]): Readonly<Record<string, number>> {
  const largest = peers.findLast(({plain_seconds: seconds}) => typeof seconds === 'number');
  const seconds = Number(largest?.plain_seconds ?? Number.NaN);
  return {
    plain_flow_largest_hosts: largest?.hosts ?? 0,
    plain_flow_cpu_seconds: seconds,
    plain_flow_ratio: seconds / (largest?.cut_seconds ?? Number.NaN),
  };
}

async function comparePlain(): Promise<PeerRow[]> {
  const rows: PeerRow[] = [];
  for (let hosts = FIRST_PEER_HOSTS; ; hosts = Math.ceil(hosts * PEER_GROWTH)) {
    const topology = buildCluster(createRandom(`bench plan ${hosts}`), hosts);
    const [compiled, use] = prepare(topology, drawForecast(createRandom('bench plan use'), topology));
    const cut = await leastReserve(compiled, use);
    const plain = await solveFlowProgram(compiled, demandsOf(compiled, use), use.roomBytes, LIMIT_SECONDS);
    const solved = plain.totalBytes !== undefined && plain.cpuSeconds <= LIMIT_SECONDS;
    rows.push({
      hosts,
      volumes: topology.volumes.length,
      scenarios: topology.scenarios.length,
      plain_columns: plain.columns,
      plain_rows: plain.rows,
      plain_seconds: solved ? Number(plain.cpuSeconds.toFixed(2)) : `not in ${LIMIT_SECONDS}`,
      cut_seconds: Number(cut.cpuSeconds.toFixed(3)),
      cut_over_plain_bytes:
        plain.totalBytes === undefined ? '-' : Number((cut.totalBytes / plain.totalBytes).toFixed(8)),
    });
    if (!solved) return rows;
  }
}
