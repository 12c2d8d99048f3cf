import {invariant, nearestName, sum, UsageError} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import {
  addHosts,
  type FailureScenario,
  type RawTopology,
  resolveEdited,
  type RiskBoundary,
  type Topology,
  withAntiAffinity,
  withoutLabel,
  withoutPlaces,
  withReplicas,
} from '../topology/index.js';
import {placeScenario} from './certificate.js';
import {compileTopology} from './compile-topology.js';
import type {ForeseenLaunches} from './foresee-launches.js';
import type {WhatIf, WhatIfStep} from './parse-what-if.js';
import {predictUse} from './predicted-use.js';
import type {SafetySettings} from './safety-level.js';
import {scenarioDemand} from './scenario-demand.js';

/** A cluster as it is, or as it would be. Volumes keep their order through every change. */
export interface Situation {
  readonly raw: RawTopology;
  readonly topology: Topology;
  /** Bytes of one replica of each volume now. */
  readonly usedBytes: Float64Array;
  readonly forecast: PeakForecast;
  /** Volumes that are yet to come, beside those that are asked for; absent: none. Of this topology's scenarios. */
  readonly launches?: ForeseenLaunches | undefined;
  /** How the new volumes are kept apart, where that is part of the change. */
  readonly antiAffinity?: readonly string[];
}

/** Why a change is not possible: what it displaces finds no place. */
export interface Impossible {
  readonly missingBytes: number;
  readonly message: string;
}

/**
 * The situation after the changes; where replicas are displaced, with them re-created elsewhere by their rules, whole,
 * within the room that is predicted. Throws UsageError for boundaries and kinds that are not known.
 */
export function applyWhatIf(
  situation: Situation,
  {steps}: WhatIf,
  safety: SafetySettings,
): Situation | {readonly impossible: Impossible} {
  let changed = situation;
  for (const step of steps) {
    const next = applyStep(changed, step, safety);
    if ('impossible' in next) return next;
    changed = next;
  }
  return changed;
}

function applyStep(
  situation: Situation,
  step: WhatIfStep,
  safety: SafetySettings,
): Situation | {readonly impossible: Impossible} {
  const {raw, topology, forecast, usedBytes} = situation;
  switch (step.kind) {
    case 'growth':
      return {...situation, forecast: growBy(forecast, usedBytes, step.factor)};
    case 'hosts':
      for (const {kind} of step.hosts.labels) refuseUnknown('label', kind, labelKinds(topology));
      return {...situation, ...resolveEdited(addHosts(raw, step.hosts))};
    case 'anti-affinity':
      for (const kind of step.kinds) refuseUnknown('boundary kind', kind, boundaryKinds(topology));
      return {
        ...situation,
        ...resolveEdited(withAntiAffinity(raw, step.kinds)),
        antiAffinity: step.kinds,
      };
    case 'lost':
    case 'drain':
      return takeAway(situation, step, safety);
  }
}

/** Peaks whose distance from what is used now is `factor` times as large; none below 0. */
function growBy(forecast: PeakForecast, usedBytes: Float64Array, factor: number): PeakForecast {
  const grow = (peaks: Float64Array): Float64Array =>
    peaks.map((peak, volume) => {
      const now = usedBytes[volume] ?? 0;
      return Math.max(0, now + factor * (peak - now));
    });
  return {point: grow(forecast.point), samples: forecast.samples.map(grow)};
}

function takeAway(
  situation: Situation,
  {kind, boundary: id}: {readonly kind: 'lost' | 'drain'; readonly boundary: string},
  safety: SafetySettings,
): Situation | {readonly impossible: Impossible} {
  const {topology, raw} = situation;
  const boundary = findBoundary(topology, id);
  const hosts = kind === 'drain' ? (boundary.members ?? boundary.hosts) : boundary.hosts;
  const moved = displace(situation, {id: `${kind}:${id}`, boundaries: [id], hosts}, safety);
  if ('impossible' in moved) return moved;
  const gone = new Set(hosts.map((host) => topology.hosts[host]?.id ?? ''));
  const value = id.slice(boundary.kind.length + 1);
  const emptied = withoutPlaces(withReplicas(raw, moved.replicas), gone);
  const left = kind === 'lost' ? withoutLabel(emptied, boundary.kind, value) : emptied;
  return {...situation, ...resolveEdited(left)};
}

/**
 * Where every volume's replicas lie once these hosts hold none. Apart in every kind of boundary if that is possible, so
 * that no later failure takes all copies of a volume, or else by its own rule.
 */
function displace(
  {topology, forecast}: Situation,
  scenario: FailureScenario,
  safety: SafetySettings,
): {readonly replicas: readonly (readonly string[])[]} | {readonly impossible: Impossible} {
  const apart = {...topology, volumes: keepApart(topology)};
  const inAll = placeLost({...apart, scenarios: [scenario]}, forecast, safety);
  const placed =
    inAll.stuck === 0 ? inAll : placeLost({...topology, scenarios: [scenario]}, forecast, safety);
  if (placed.lostVolumes > 0) {
    const message = `every copy of ${placed.lostVolumes} volumes lies there`;
    return {impossible: {missingBytes: placed.missingBytes, message}};
  }
  if (placed.stuck > 0) {
    const message = `${placed.stuck} of the ${placed.volumes.length} copies that lie there find no other place`;
    return {impossible: {missingBytes: placed.missingBytes, message}};
  }
  const gone = new Set(scenario.hosts);
  const replicas = topology.volumes.map((volume) => volume.replicas.filter((host) => !gone.has(host)));
  placed.volumes.forEach((volume, item) => replicas[volume]?.push(placed.hosts[item] ?? 0));
  return {replicas: replicas.map((places) => places.map((host) => topology.hosts[host]?.id ?? ''))};
}

function keepApart(topology: Topology): Topology['volumes'] {
  const antiAffinity = boundaryKinds(topology);
  return topology.volumes.map((volume) => ({...volume, antiAffinity}));
}

interface PlacedLost {
  readonly volumes: Int32Array;
  readonly hosts: Int32Array;
  readonly stuck: number;
  readonly lostVolumes: number;
  /** Of the copies that are stuck, or of the volumes that are lost. */
  readonly missingBytes: number;
}

/** Re-creates elsewhere what the only scenario of a topology takes, within the room predicted. */
function placeLost(topology: Topology, forecast: PeakForecast, safety: SafetySettings): PlacedLost {
  const compiled = compileTopology(topology);
  const use = predictUse(compiled, forecast, safety);
  const [net] = compiled.nets;
  invariant(net !== undefined, 'the topology has one scenario');
  const demand = scenarioDemand(net, use.volumeBytes, use.scenarioFactor[0]);
  const {volumes, hosts, stuckBytes} = placeScenario(compiled, net, demand, use.roomBytes);
  const lostBytes = [...net.lostVolumes].map((volume) => Math.ceil(use.volumeBytes[volume] ?? 0));
  return {
    ...{volumes, hosts, lostVolumes: net.lostVolumes.length},
    stuck: hosts.filter((host) => host < 0).length,
    missingBytes: lostBytes.length > 0 ? sum(lostBytes) : stuckBytes,
  };
}

function findBoundary({boundaries}: Topology, id: string): RiskBoundary {
  const found = boundaries.find((boundary) => boundary.id === id);
  if (found !== undefined) return found;
  throw unknown(
    'boundary',
    id,
    boundaries.map((boundary) => boundary.id),
  );
}

function labelKinds({hosts}: Topology): readonly string[] {
  return [...new Set(hosts.flatMap(({labels}) => [...labels.keys()]))];
}

function boundaryKinds({boundaries}: Topology): readonly string[] {
  return [...new Set(['host', ...boundaries.map(({kind}) => kind)])];
}

function refuseUnknown(what: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) throw unknown(what, name, known);
}

function unknown(what: string, name: string, known: readonly string[]): UsageError {
  const near = nearestName(name, known);
  const some = known.slice(0, 8).join(', ');
  return new UsageError(`unknown-${what.replaceAll(' ', '-')}`, `there is no ${what} "${name}"`, {
    hints: [near === undefined ? `there are ${some || 'none'}` : `did you mean ${near}?`],
  });
}
