import type {Topology} from '../topology/index.js';

/** How much foreseen growth and access count when space is scarce. */
export type PriorityWeights = NonNullable<Topology['priority']>;

/** Counts where a topology states nothing. */
export const DEFAULT_PRIORITY: PriorityWeights = {growth: 1, access: 1};

/** Which volumes come first when space is scarce. By volume, in the topology's order. */
export interface VolumePriority {
  readonly weights: PriorityWeights;
  /** Bytes of one replica that are foreseen over what it holds now. */
  readonly growthBytes: Float64Array;
  /** Requests a second. */
  readonly accessPerSecond: Float64Array;
  /** 0 to 1, the highest first. */
  readonly scores: Float64Array;
}

/**
 * Ranks volumes by foreseen growth (as a share of what is foreseen, so that size alone counts for nothing) and by
 * access: in each the share of the other volumes that have less, joined by the weights. Ranks need no unit and are not
 * ruled by one extreme.
 */
export function rankVolumes(
  {
    usedBytes,
    foreseenBytes,
    accessPerSecond,
  }: {
    readonly usedBytes: Float64Array;
    readonly foreseenBytes: Float64Array;
    readonly accessPerSecond: Float64Array;
  },
  weights: PriorityWeights,
): VolumePriority {
  const growthBytes = foreseenBytes.map((bytes, volume) => Math.max(0, bytes - (usedBytes[volume] ?? 0)));
  const growthRank = shareBelow(
    growthBytes.map((bytes, volume) => (bytes > 0 ? bytes / (foreseenBytes[volume] ?? bytes) : 0)),
  );
  const accessRank = shareBelow(accessPerSecond);
  const {growth, access} = weights;
  const scores = growthRank.map((rank, volume) =>
    growth + access > 0 ? (growth * rank + access * (accessRank[volume] ?? 0)) / (growth + access) : 0,
  );
  return {weights, growthBytes, accessPerSecond, scores};
}

function shareBelow(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  const below = new Map<number, number>();
  for (const [rank, value] of sorted.entries()) if (!below.has(value)) below.set(value, rank);
  return values.map((value) => (below.get(value) ?? 0) / Math.max(1, values.length - 1));
}
