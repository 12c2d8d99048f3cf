import {type Diagnostic, InputError, type Series} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';

/** What is known of how much the volumes of a topology hold. */
export interface VolumeUsage {
  /** Histories of the volumes that have one, and their indices in the topology. */
  readonly series: readonly Series[];
  readonly volumes: Int32Array;
  /** Bytes of one replica of each volume now, in the topology's order. */
  readonly usedBytes: Float64Array;
  /** What had to be assumed, and what was passed over. */
  readonly warnings: readonly string[];
}

const NAMED = 5;

/**
 * Joins the volumes of a topology with the histories of a store (bytes, one axis for all). A volume without history
 * counts with the used bytes that the topology states, or else with what it has provisioned. Throws InputError that
 * names every volume of which neither is known.
 */
export function matchUsage(topology: Topology, histories: readonly Series[]): VolumeUsage {
  const lastKnown = new Map(
    histories.map((series) => [series.id, series.values.findLast((value) => value >= 0)]),
  );
  const known = topology.volumes.map(({id}) => lastKnown.get(id));
  refuseUnknown(topology, known);
  const usedBytes = Float64Array.from(
    topology.volumes,
    (volume, index) => known[index] ?? volume.usedBytes ?? volume.provisionedBytes ?? 0,
  );
  const byName = new Map(histories.map((series) => [series.id, series]));
  const volumes = [...known.keys()].filter((index) => known[index] !== undefined);
  return {
    series: volumes.flatMap((index) => byName.get(topology.volumes[index]?.id ?? '') ?? []),
    volumes: Int32Array.from(volumes),
    usedBytes,
    warnings: [...warnOfAssumed(topology, known), ...warnOfPassedOver(topology, histories)],
  };
}

/**
 * The forecast of all volumes from the one of those with history: the others stay as they are. No peak is below what a
 * volume holds now, since a boundary may fail at once.
 */
export function widenForecast(
  {volumes, usedBytes}: VolumeUsage,
  forecast: PeakForecast | undefined,
): PeakForecast {
  const widen = (peaks: Float64Array): Float64Array => {
    const wide = usedBytes.slice();
    volumes.forEach((volume, index) => {
      wide[volume] = Math.max(wide[volume] ?? 0, peaks[index] ?? 0);
    });
    return wide;
  };
  if (forecast === undefined) return {point: usedBytes, samples: []};
  return {point: widen(forecast.point), samples: forecast.samples.map(widen)};
}

function refuseUnknown(topology: Topology, known: readonly (number | undefined)[]): void {
  const diagnostics = topology.volumes.flatMap(({id, usedBytes, provisionedBytes}, index): Diagnostic[] => {
    if (known[index] !== undefined || usedBytes !== undefined || provisionedBytes !== undefined) return [];
    const message = 'nothing is known of how much it holds';
    const advice = 'state used or provisioned in the topology, or ingest its history';
    return [{severity: 'error', code: 'usage-unknown', at: `volume ${JSON.stringify(id)}`, message, advice}];
  });
  const [first] = diagnostics;
  if (first === undefined) return;
  const more = diagnostics.length === 1 ? '' : `, nor of ${diagnostics.length - 1} more volumes`;
  throw new InputError('usage-unknown', `nothing is known of how much ${first.at ?? ''} holds${more}`, {
    diagnostics,
    hints: ['state used or provisioned in the topology, or ingest a history of the volumes'],
  });
}

function warnOfAssumed(topology: Topology, known: readonly (number | undefined)[]): string[] {
  const without = topology.volumes.filter((_, index) => known[index] === undefined);
  const stated = without.filter(({usedBytes}) => usedBytes !== undefined);
  const provisioned = without.filter(({usedBytes}) => usedBytes === undefined);
  const tell = (volumes: typeof without, what: string): string[] =>
    volumes.length === 0
      ? []
      : [`no history of ${volumes.length} volumes: ${what} is taken, and no growth (${listSome(volumes)})`];
  return [
    ...tell(stated, 'the use that the topology states'),
    ...tell(provisioned, 'all that is provisioned'),
  ];
}

function warnOfPassedOver(topology: Topology, histories: readonly Series[]): string[] {
  const placed = new Set(topology.volumes.map(({id}) => id));
  const passedOver = histories.filter(({id}) => !placed.has(id));
  return passedOver.length === 0
    ? []
    : [
        `${passedOver.length} volumes of the store are not in the topology and are not planned for (${listSome(passedOver)})`,
      ];
}

function listSome(items: readonly {readonly id: string}[]): string {
  const shown = items.slice(0, NAMED).map(({id}) => id);
  return items.length > NAMED ? `${shown.join(', ')} and ${items.length - NAMED} more` : shown.join(', ');
}
