import {
  DEFAULT_PRIORITY,
  rankVolumes as rank,
  type VolumePriority,
  type VolumeUsage,
} from '../allocation/index.js';
import {floorToStepUs, sum, US_PER_SECOND} from '../core/index.js';
import type {PeakForecast} from '../forecasting/index.js';
import {openShadowStore} from '../shadow-store/index.js';
import type {Topology} from '../topology/index.js';
import type {ForeseeOptions, PlanStore} from './foresee-usage.js';

/** How far back access is looked at: a week, since hours and weekdays differ. */
const ACCESS_SECONDS = 604_800;
const STEP_SECONDS = 3600;
/** A whole day, so that the hour of the plan does not matter. */
const RISING_STEPS = 24;

/** Ranks the volumes at the first call, which reads the store, and gives the same answer ever after. */
export function rankOnDemand(...known: Parameters<typeof rankVolumes>): () => Promise<VolumePriority> {
  let asked: Promise<VolumePriority> | undefined;
  return () => (asked ??= rankVolumes(...known));
}

/**
 * Ranks the volumes of a topology for when space is scarce: by foreseen growth and by the requests a second of the last
 * week that the store knows, or of its last day where that was busier (access that rises counts as what it has risen to), 0
 * where it knows none.
 */
async function rankVolumes(
  topology: Topology,
  {usage, forecast}: {readonly usage: VolumeUsage; readonly forecast: PeakForecast},
  options: Pick<ForeseeOptions, 'storePath' | 'openStore' | 'nowUs'>,
): Promise<VolumePriority> {
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const accessPerSecond = await readAccess(topology, store, options.nowUs);
    const known = {usedBytes: usage.usedBytes, foreseenBytes: forecast.point, accessPerSecond};
    return rank(known, topology.priority ?? DEFAULT_PRIORITY);
  } finally {
    store.close();
  }
}

async function readAccess(topology: Topology, store: PlanStore, nowUs: number): Promise<Float64Array> {
  const {endUs} = store.info();
  const perSecond = new Map<string, number>();
  if (endUs !== undefined) {
    const toUs = floorToStepUs(Math.min(nowUs, endUs), STEP_SECONDS);
    const query = {fromUs: toUs - ACCESS_SECONDS * US_PER_SECOND, toUs, stepSeconds: STEP_SECONDS};
    for (const metric of ['reads', 'writes'] as const) {
      for (const {id, values} of await store.readSeries(query, metric)) {
        const rate = Math.max(perSecondOf(values), perSecondOf(values.subarray(-RISING_STEPS)));
        perSecond.set(id, (perSecond.get(id) ?? 0) + rate);
      }
    }
  }
  return Float64Array.from(topology.volumes, ({id}) => perSecond.get(id) ?? 0);
}

function perSecondOf(requests: Float64Array): number {
  const known = requests.filter((count) => count >= 0);
  return sum(known) / (Math.max(1, known.length) * STEP_SECONDS);
}
