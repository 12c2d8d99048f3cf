import {hasHost, hostsIn, type Topology} from '../topology/index.js';
import {placeScenario, toPlacement} from './certificate.js';
import {compileTopology, type CompiledTopology, type ScenarioNet} from './compile-topology.js';
import {routeDemand} from './max-flow.js';
import {placeQuickly} from './place-quickly.js';
import type {PolicyInput} from './policy.js';
import {predictUse, type PredictedUse} from './predicted-use.js';
import {scenarioDemand, type ScenarioDemand} from './scenario-demand.js';

/** One replica that is to lie elsewhere. Indices into the topology. */
export interface Move {
  readonly volume: number;
  readonly from: number;
  readonly to: number;
  /** Foreseen bytes of the replica. */
  readonly bytes: number;
}

const MOST_MOVES = 6;
const MOST_CANDIDATES = 40;
/** Of the candidates, those that are left over after a rough look. */
const MOST_SOLVED = 3;
/** Volumes x scenarios beyond which each candidate would cost too much to try. */
const MOST_WORK = 200_000;

/**
 * A short list of moves after which whole volumes can be placed in every scenario, each move tried by solving all
 * scenarios again; undefined when none was found in a few greedy steps, or when there are too many volumes to look.
 * Moves keep the volumes' rules and the fill limit. Not the least list there is.
 */
export function movesToCure(input: PolicyInput): readonly Move[] | undefined {
  if (input.topology.volumes.length * input.topology.scenarios.length > MOST_WORK) return undefined;
  const moves: Move[] = [];
  let at = situate(input, input.topology, placeScenario);
  while (at.missingBytes > 0 && moves.length < MOST_MOVES) {
    const tried = candidates(at).map((move) => {
      const topology = applyMove(at.topology, move);
      return {move, topology, bytes: situate(input, topology, placeRoughly).missingBytes};
    });
    const promising = tried.toSorted((one, other) => one.bytes - other.bytes).slice(0, MOST_SOLVED);
    const solved = promising.map(({move, topology}) => ({
      move,
      next: situate(input, topology, placeScenario),
    }));
    const best = solved.toSorted((one, other) => one.next.missingBytes - other.next.missingBytes)[0];
    if (best === undefined || best.next.missingBytes >= at.missingBytes) return undefined;
    moves.push(best.move);
    at = best.next;
  }
  return at.missingBytes === 0 ? moves : undefined;
}

type Place = typeof placeScenario;

/** As `placeScenario`, without its slower means: what it leaves might still have a place. */
const placeRoughly: Place = (...given) => toPlacement(placeQuickly(...given));

/** The topology with the replica on its new host. */
function applyMove(topology: Topology, {volume, from, to}: Move): Topology {
  const volumes = topology.volumes.map((one, index) =>
    index === volume ? {...one, replicas: one.replicas.map((host) => (host === from ? to : host))} : one,
  );
  return {...topology, volumes};
}

interface Situation {
  readonly topology: Topology;
  readonly compiled: CompiledTopology;
  readonly use: PredictedUse;
  /** Bytes that find no place, over all scenarios: cut into bytes, or whole where those all fit. */
  readonly missingBytes: number;
  /** The scenario in which the most bytes find no place, and the volumes and hosts that are short there. */
  readonly worst: {
    readonly volumes: readonly number[];
    readonly hosts: readonly number[];
    readonly bytes: number;
  };
}

function situate(input: PolicyInput, topology: Topology, place: Place): Situation {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, input.forecast, input.settings);
  const shorts = compiled.nets.map((net, scenario) => {
    const demand = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]);
    return shortIn(place, compiled, net, demand, use.roomBytes);
  });
  const worst = shorts.reduce((one, other) => (other.bytes > one.bytes ? other : one), {
    volumes: [],
    hosts: [],
    bytes: 0,
  });
  return {topology, compiled, use, worst, missingBytes: shorts.reduce((sum, {bytes}) => sum + bytes, 0)};
}

function shortIn(
  place: Place,
  compiled: CompiledTopology,
  net: ScenarioNet,
  demand: ScenarioDemand,
  roomBytes: Float64Array,
): Situation['worst'] {
  const {shortGroups, shortClasses, placedBytes} = routeDemand(net, demand.groupBytes, roomBytes);
  if (shortGroups.length > 0) {
    const groups = new Set(shortGroups);
    return {
      volumes: [...net.volumes].filter((_, entry) => groups.has(net.groupOf[entry] ?? -1)),
      hosts: shortClasses.flatMap((index) => [...(net.classHosts[index] ?? [])]),
      bytes: demand.totalBytes - placedBytes,
    };
  }
  const {volumes, hosts, stuckBytes} = place(compiled, net, demand, roomBytes);
  const stuck = new Set([...volumes].filter((_, item) => (hosts[item] ?? -1) < 0));
  const groups = new Set([...net.groupOf].filter((_, entry) => stuck.has(net.volumes[entry] ?? -1)));
  const allowed = hostsIn(net.alive).filter((host) =>
    [...groups].some((group) => hasHost(net.groupHosts[group] ?? net.alive, host)),
  );
  return {volumes: [...stuck], hosts: allowed, bytes: stuckBytes};
}

/** Moves that make space on the hosts that are short, then those that give short volumes other hosts to choose from. */
function candidates(at: Situation): Move[] {
  const {topology, worst, use} = at;
  const short = new Set(worst.hosts);
  const isShort = new Set(worst.volumes);
  const bytesOf = (volume: number): number => Math.ceil(use.volumeBytes[volume] ?? 0);
  const largest = [...topology.volumes.keys()].sort((left, right) => bytesOf(right) - bytesOf(left));
  const away = largest.flatMap((volume) =>
    (topology.volumes[volume]?.replicas ?? [])
      .filter((from) => short.has(from))
      .flatMap((from) =>
        targets(at, volume, from, (host) => !short.has(host))
          .slice(0, 1)
          .map((to) => ({volume, from, to, bytes: bytesOf(volume)})),
      ),
  );
  const elsewhere = largest
    .filter((volume) => isShort.has(volume))
    .flatMap((volume) =>
      (topology.volumes[volume]?.replicas ?? []).flatMap((from) =>
        targets(at, volume, from, (host) => !short.has(host))
          .slice(0, 2)
          .map((to) => ({volume, from, to, bytes: bytesOf(volume)})),
      ),
    );
  // Of those that make space the smallest that is enough moves the least.
  const enough = away.filter(({bytes}) => bytes >= worst.bytes).slice(-MOST_CANDIDATES / 4);
  const most = away.slice(0, MOST_CANDIDATES / 4);
  const half = MOST_CANDIDATES / 2;
  return [...enough, ...most, ...elsewhere.slice(0, half)];
}

/** Hosts that may take the replica by its volume's rules and have room for it, those with the most room first. */
function targets(
  {topology, compiled, use}: Situation,
  volume: number,
  from: number,
  mayBe: (host: number) => boolean,
): number[] {
  const one = topology.volumes[volume];
  const bytes = use.volumeBytes[volume] ?? 0;
  const others = one?.replicas.filter((host) => host !== from) ?? [];
  const blocked = others.map((host) => compiled.apartFrom(volume, host));
  const isBlocked = (host: number): boolean => blocked.some((set) => hasHost(set, host));
  return [...topology.hosts.keys()]
    .filter((host) => host !== from && mayBe(host) && (use.roomBytes[host] ?? 0) >= bytes && !isBlocked(host))
    .filter((host) => one?.tier === undefined || topology.hosts[host]?.tier === one.tier)
    .sort((left, right) => (use.roomBytes[right] ?? 0) - (use.roomBytes[left] ?? 0));
}
