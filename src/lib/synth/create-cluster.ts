import {createRandom, type Random, sum, UsageError} from '../core/index.js';
import {checkClusterSpec, type ClusterSpec} from './cluster-spec.js';
import {drawVolumes, type VolumeProfile} from './draw-volumes.js';
import {layHosts, placeReplicas, type SynthHost} from './place-replicas.js';
import {walkLevels} from './walk-levels.js';

/** The unit of footprints. */
export const BLOCK_BYTES = 4096;

/** A volume with its real size, its place and its medium. */
export interface SynthVolume {
  readonly profile: VolumeProfile;
  /** Indices into the hosts. */
  readonly replicas: readonly number[];
  readonly provisionedBytes: number;
  readonly hasRequests: boolean;
  readonly canTrim: boolean;
}

/** A cluster with everything needed to tell its requests and usage. */
export interface Cluster {
  readonly spec: ClusterSpec;
  readonly hosts: readonly SynthHost[];
  readonly hostCapacityBytes: readonly number[];
  readonly volumes: readonly SynthVolume[];
  /** Bytes of one relative unit of a level. */
  readonly unitBytes: number;
  /** Usual length of a write to new blocks, in blocks. */
  readonly usualBlocks: number;
  /** The pieces that a device's address space is cut into. */
  readonly chunkBlocks: number;
  /** Requests that a rise by one relative unit needs; see FALL_PER_RISE. */
  readonly requestsPerUnit: number;
  /** Requests that change no level, a relative unit of their rate. */
  readonly requestsPerRate: number;
}

/** The random sources of a cluster: what is drawn from one does not move another. */
export function sourceOf(
  spec: ClusterSpec,
  purpose: 'hosts' | 'volumes' | 'levels' | 'placement' | 'requests',
): Random {
  return createRandom(spec.seed).fork(purpose);
}

/** The largest share of a host that planned peaks may fill; the topology's fill limit lies above. */
const PLACEMENT_LIMIT = 0.86;
const FRESH_SHARE = 0.3;
const FALL_PER_RISE = 0.125;
const USUAL_FRESH_BYTES = 256 * 1024;
const LEAST_FRESH_BLOCKS = 4;
const MOST_FRESH_BLOCKS = 2048;
const HOST_BYTES_WITHOUT_REQUESTS = 4e12;
const PROVISIONED_PER_PEAK = 1.3;
/** A request is at most 4 usual lengths, and a piece of the address space 4 requests. */
const CHUNK_PER_USUAL = 16;

/** Creates the cluster. Throws UsageError for a spec that cannot be met, with the flag to change. */
export function createCluster(spec: ClusterSpec): Cluster {
  checkClusterSpec(spec);
  const hosts = layHosts(spec, sourceOf(spec, 'hosts'));
  const profiles = drawVolumes(spec, sourceOf(spec, 'volumes'));
  const totals = walkToTheEnd(profiles, spec);
  const {typicalBytes, unitBytes} = scaleOf(spec, hosts, profiles, totals);
  const hostCapacityBytes = hosts.map((host) => Math.round(host.weight * typicalBytes));
  const peakBytes = totals.peak.map((units) => unitBytes * units);
  const replicas = placeAll(spec, profiles, peakBytes, {hosts, hostCapacityBytes});
  const density = requestDensity(spec, totals, unitBytes);
  const chunkBlocks = density.usualBlocks * CHUNK_PER_USUAL;
  const chunkBytes = chunkBlocks * BLOCK_BYTES;
  const volumes = profiles.map((profile, index) => ({
    profile,
    replicas: replicas[index] ?? [],
    provisionedBytes:
      (Math.ceil((PROVISIONED_PER_PEAK * (peakBytes[index] ?? 0)) / chunkBytes) + 2) * chunkBytes,
    hasRequests: mediumOf(spec, index).requests,
    canTrim: mediumOf(spec, index).trims,
  }));
  return {spec, hosts, hostCapacityBytes, unitBytes, chunkBlocks, ...density, volumes};
}

/** The capacity of the typical host, and the bytes a unit with which the fill asked for is reached. */
function scaleOf(
  spec: ClusterSpec,
  hosts: readonly SynthHost[],
  profiles: readonly VolumeProfile[],
  totals: Totals,
): {readonly typicalBytes: number; readonly unitBytes: number} {
  const weight = sum(hosts.map((host) => host.weight));
  const usedUnits = sum(profiles.map(({copies}, index) => copies * (totals.end[index] ?? 0)));
  const naturalBytes = (naturalUnitBytes(spec, totals) * usedUnits) / spec.fillShare / weight;
  const typicalBytes = spec.hostCapacityBytes ?? roundedCapacity(naturalBytes);
  return {typicalBytes, unitBytes: (spec.fillShare * weight * typicalBytes) / usedUnits};
}

function placeAll(
  spec: ClusterSpec,
  profiles: readonly VolumeProfile[],
  peakBytes: Float64Array,
  {hosts, hostCapacityBytes}: Pick<Cluster, 'hosts' | 'hostCapacityBytes'>,
): readonly (readonly number[])[] {
  const place = (scale: number): readonly (readonly number[])[] =>
    placeReplicas(
      profiles.map(({copies}, index) => ({copies, size: scale * (peakBytes[index] ?? 0)})),
      hosts,
      hostCapacityBytes.map((bytes) => PLACEMENT_LIMIT * bytes),
      sourceOf(spec, 'placement'),
    );
  const replicas = place(1);
  const homeless = profiles.filter((_, index) => replicas[index]?.length === 0);
  if (homeless.length > 0) throw tooFull(spec, homeless, place);
  return replicas;
}

interface Totals {
  readonly end: Float64Array;
  readonly peak: Float64Array;
  /** Over the volumes with requests: rises, changes as they weigh, and rates, all summed. */
  readonly risenUnits: number;
  readonly changedUnits: number;
  readonly rates: number;
}

/** The whole period once, without requests, to learn the sizes. */
function walkToTheEnd(profiles: readonly VolumeProfile[], spec: ClusterSpec): Totals {
  const walk = walkLevels(profiles, spec, sourceOf(spec, 'levels'));
  const end = new Float64Array(profiles.length);
  const peak = new Float64Array(profiles.length);
  let risenUnits = 0;
  let changedUnits = 0;
  let rates = 0;
  for (let hour = 0; hour < spec.days * 24; hour += 1) {
    walk.step();
    for (let index = 0; index < profiles.length; index += 1) {
      const level = walk.level[index] ?? 0;
      const change = level - (end[index] ?? 0);
      end[index] = level;
      peak[index] = Math.max(level, peak[index] ?? 0);
      if (!mediumOf(spec, index).requests) continue;
      risenUnits += Math.max(0, change);
      changedUnits += changeToTell(change);
      rates += walk.rate[index] ?? 0;
    }
  }
  return {end, peak, risenUnits, changedUnits, rates};
}

/** How much telling a change of a level needs, in units of a rise: trims are longer than writes, so they are fewer. */
export function changeToTell(change: number): number {
  return change > 0 ? change : change * -FALL_PER_RISE;
}

/** Bytes a unit so that the requests given make all the growth with writes of usual length. */
function naturalUnitBytes(spec: ClusterSpec, {risenUnits, end}: Totals): number {
  if (spec.requests > 0 && risenUnits > 0)
    return (FRESH_SHARE * spec.requests * USUAL_FRESH_BYTES) / risenUnits;
  const meanUnits = sum(end) / spec.hosts;
  return (spec.fillShare * HOST_BYTES_WITHOUT_REQUESTS) / (2.3 * meanUnits);
}

function requestDensity(
  spec: ClusterSpec,
  {risenUnits, changedUnits, rates}: Totals,
  unitBytes: number,
): Pick<Cluster, 'usualBlocks' | 'requestsPerUnit' | 'requestsPerRate'> {
  if (spec.requests === 0 || risenUnits === 0)
    return {usualBlocks: 64, requestsPerUnit: 0, requestsPerRate: 0};
  const blocks = (risenUnits * unitBytes) / (FRESH_SHARE * spec.requests) / BLOCK_BYTES;
  if (blocks > 2 * MOST_FRESH_BLOCKS) throw tooFewRequests(spec, blocks);
  const usualBlocks = powerOfTwoFrom(Math.max(LEAST_FRESH_BLOCKS, Math.min(blocks, MOST_FRESH_BLOCKS)));
  const requestsPerUnit = unitBytes / BLOCK_BYTES / usualBlocks;
  const forLevels = Math.min(0.9 * spec.requests, requestsPerUnit * changedUnits);
  return {usualBlocks, requestsPerUnit, requestsPerRate: (spec.requests - forLevels) / Math.max(rates, 1e-9)};
}

function tooFull(
  {fillShare}: ClusterSpec,
  homeless: readonly VolumeProfile[],
  place: (scale: number) => readonly (readonly number[])[],
): UsageError {
  let scale = 0.95;
  while (scale > 0.02 && place(scale).some((hosts) => hosts.length === 0)) scale *= 0.95;
  const hint = scale > 0.02 ? `--fill ${Math.floor(100 * fillShare * scale)}%` : 'more --racks or --hosts';
  const names = homeless.slice(0, 3).map(({id, copies}) => `${id} (${copies} copies)`);
  return new UsageError('cluster-too-full', `no place for ${names.join(', ')}`, {
    hints: [hint, 'more --volumes, which are then smaller'],
  });
}

function tooFewRequests(spec: ClusterSpec, blocks: number): UsageError {
  const enough = Math.ceil((spec.requests * blocks) / MOST_FRESH_BLOCKS / 1000) * 1000;
  return new UsageError(
    'too-few-requests',
    `${spec.requests} requests cannot write all the data of hosts that large: each would be ${Math.ceil((blocks * BLOCK_BYTES) / 2 ** 20)} MiB`,
    {hints: [`--rows ${enough}`, 'a smaller --capacity, or none: it then follows from the requests']},
  );
}

/** Two digits, as capacities on data sheets have. */
function roundedCapacity(bytes: number): number {
  const scale = 10 ** Math.max(0, String(Math.floor(bytes)).length - 2);
  return Math.max(1, Math.ceil(bytes / scale)) * scale;
}

function powerOfTwoFrom(value: number): number {
  let power = 1;
  while (power * 1.5 < value) power *= 2;
  return power;
}

function mediumOf(spec: ClusterSpec, index: number): {readonly requests: boolean; readonly trims: boolean} {
  return spec.media[index % spec.media.length] ?? {requests: true, trims: true};
}
