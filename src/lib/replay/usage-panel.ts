import {invariant, type Series} from '../core/index.js';
import type {Topology} from '../topology/index.js';

/** The used bytes of a topology's volumes over one time axis. */
export interface UsagePanel {
  readonly startUs: number;
  readonly stepSeconds: number;
  readonly stepCount: number;
  /**
   * One a volume, in the topology's order. A volume without history holds all the time what the topology states that it
   * uses, or else what it has provisioned, as in plan.
   */
  readonly series: readonly Series[];
  /** Volumes of the topology without history. */
  readonly withoutHistory: readonly string[];
  /** Histories of volumes that the topology does not know: left out. */
  readonly withoutPlace: readonly string[];
}

/** Brings histories (bytes, one axis for all) into the order of a topology's volumes. */
export function alignPanel(topology: Topology, histories: readonly Series[]): UsagePanel {
  const [first] = histories;
  const {startUs, stepSeconds} = first ?? {startUs: 0, stepSeconds: 1};
  const stepCount = first?.values.length ?? 0;
  for (const series of histories) {
    const isOnAxis =
      series.startUs === startUs && series.stepSeconds === stepSeconds && series.values.length === stepCount;
    invariant(isOnAxis, `all histories share one axis; ${series.id} does not`);
  }
  const known = histories.filter(({values}) => values.some((bytes) => !Number.isNaN(bytes)));
  const byVolume = new Map(known.map((series) => [series.id, series]));
  const series = topology.volumes.map(({id, usedBytes, provisionedBytes}): Series => {
    const values = new Float64Array(stepCount).fill(usedBytes ?? provisionedBytes ?? 0);
    return byVolume.get(id) ?? {id, startUs, stepSeconds, values};
  });
  const placed = new Set(topology.volumes.map(({id}) => id));
  return {
    startUs,
    stepSeconds,
    stepCount,
    series,
    withoutHistory: topology.volumes.map(({id}) => id).filter((id) => !byVolume.has(id)),
    withoutPlace: histories.map(({id}) => id).filter((id) => !placed.has(id)),
  };
}

/** What can be known before a step begins: every series without that step and all later ones. Views, not copies. */
export function visibleBefore(panel: Pick<UsagePanel, 'series'>, step: number): readonly Series[] {
  return panel.series.map((series) => ({...series, values: series.values.subarray(0, step)}));
}

/** Reads the used bytes of all volumes step by step. */
export interface LevelReader {
  /**
   * Bytes of one replica of each volume at a step not before the last one asked for: the last known value, or 0 for a
   * volume that was never seen. The array is the reader's own and changes with the next call.
   */
  at(step: number): Float64Array;
}

/** A reader at the beginning of a panel; at step -1 nothing is known yet. */
export function createLevelReader(panel: UsagePanel): LevelReader {
  const levels = new Float64Array(panel.series.length);
  let done = -1;
  return {
    at: (step) => {
      invariant(step >= done && step < panel.stepCount, `step ${step} follows ${done}`);
      for (; done < step; done += 1) {
        for (let volume = 0; volume < levels.length; volume += 1) {
          const bytes = panel.series[volume]?.values[done + 1] ?? Number.NaN;
          if (!Number.isNaN(bytes)) levels[volume] = bytes;
        }
      }
      return levels;
    },
  };
}
