import {groupBy} from '../../core/index.js';
import type {Anomaly, AnomalyKind} from './anomaly.js';

/** Anomalies of many volumes that began together: one cause that is none of theirs. */
export interface FleetEvent {
  readonly startUs: number;
  readonly endUs: number;
  /** The kind that most of them have. */
  readonly kind: AnomalyKind;
  readonly volumes: readonly string[];
  readonly anomalies: readonly Anomaly[];
  /** One line for people. */
  readonly text: string;
}

export interface FleetOptions {
  /** How many volumes were looked at, those without anomalies included. */
  readonly volumes: number;
  /** They begin within so much. */
  readonly withinUs: number;
  /** The least share of the volumes that makes an event (default 0.2), and never fewer than 3 of them. */
  readonly leastShare?: number;
}

/** So unlikely must it be that as many began together by chance. */
const CHANCE = 1e-4;

/**
 * Tells events of the fleet from those of single volumes: as many volumes as `leastShare` asks for have an anomaly that
 * begins within `withinUs` of the first, more than their usual rate explains (Poisson tail below 1e-4).
 * `own` are the other anomalies, in order of time.
 */
export function findFleetEvents(
  anomalies: readonly Anomaly[],
  options: FleetOptions,
): {readonly events: readonly FleetEvent[]; readonly own: readonly Anomaly[]} {
  const sorted = anomalies.toSorted((a, b) => a.startUs - b.startUs || compareText(a.volume, b.volume));
  const events: FleetEvent[] = [];
  const own: Anomaly[] = [];
  for (let from = 0; from < sorted.length;) {
    const together = beginningTogether(sorted, from, options.withinUs);
    if (isOfFleet(together, sorted, options)) {
      events.push(eventOf(together, options.volumes));
      from += together.length;
    } else {
      own.push(...together.slice(0, 1));
      from += 1;
    }
  }
  return {events, own};
}

function beginningTogether(sorted: readonly Anomaly[], from: number, withinUs: number): readonly Anomaly[] {
  const untilUs = (sorted[from]?.startUs ?? 0) + withinUs;
  let to = from;
  while (to < sorted.length && (sorted[to]?.startUs ?? Infinity) <= untilUs) to += 1;
  return sorted.slice(from, to);
}

function isOfFleet(
  together: readonly Anomaly[],
  all: readonly Anomaly[],
  {volumes, withinUs, leastShare = 0.2}: FleetOptions,
): boolean {
  const affected = volumesOf(together).length;
  if (affected < Math.max(3, leastShare * volumes)) return false;
  const others = all.length - together.length;
  const spanUs = (all.at(-1)?.startUs ?? 0) - (all[0]?.startUs ?? 0) + withinUs;
  return poissonTail(affected, (others * withinUs) / spanUs) < CHANCE;
}

/** P(X >= count) of a Poisson variable. */
function poissonTail(count: number, mean: number): number {
  let [term, below] = [Math.exp(-mean), 0];
  for (let seen = 0; seen < count; seen += 1) {
    below += term;
    term *= mean / (seen + 1);
  }
  return Math.max(0, 1 - below);
}

function eventOf(anomalies: readonly Anomaly[], volumes: number): FleetEvent {
  const affected = volumesOf(anomalies);
  const byKind = groupBy(anomalies, ({kind}) => kind);
  const [kind] = [...byKind].reduce((most, entry) => (entry[1].length > most[1].length ? entry : most));
  return {
    startUs: Math.min(...anomalies.map(({startUs}) => startUs)),
    endUs: Math.max(...anomalies.map(({endUs}) => endUs)),
    kind,
    volumes: affected,
    anomalies,
    text: `${affected.length} of ${volumes} volumes at the same time, mostly ${kind}`,
  };
}

function volumesOf(anomalies: readonly Anomaly[]): readonly string[] {
  return [...new Set(anomalies.map(({volume}) => volume))].sort(compareText);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
