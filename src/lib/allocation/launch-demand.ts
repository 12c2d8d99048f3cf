/** What new volumes of one tier ask for in each scenario, beside what the known ones do. */
export interface LaunchDemand {
  /** Absent: of volumes that may lie on any host. */
  readonly tier?: string;
  /** By scenario, bytes of their copies to re-create. */
  readonly scenarioBytes: Float64Array;
  /** A copy of a new volume of middling size: less than that in one place is of no use to it. */
  readonly copyBytes: number;
}

/** By scenario, the bytes of all tiers. */
export function sumOfLaunches(launches: readonly LaunchDemand[], scenarioCount: number): Float64Array {
  const total = new Float64Array(scenarioCount);
  for (const {scenarioBytes} of launches)
    for (const [scenario, bytes] of scenarioBytes.entries()) total[scenario] = (total[scenario] ?? 0) + bytes;
  return total;
}
