import {formatBytes, formatDurationRoughly, sum} from '../lib/core/index.js';
import type {PlanSummary} from '../lib/workflows/plan-buffer.js';
import {printable} from './table.js';

/** What of the buffer is for volumes that are yet to come, at the level of the plan; nothing where none are counted. */
export function tellLaunches(launches: PlanSummary['plan']['launches'], level: number): string {
  if (launches === undefined) return '';
  const {tiers, watchedSeconds, meanVolumes, copyBytes, addsBytes, shortBytes, shortScenario} = launches;
  const watched = formatDurationRoughly(watchedSeconds);
  if (tiers.length === 0) return `launches add nothing: no new volume was seen in ${watched}`;
  const seen = sum(tiers.map(({seenVolumes}) => seenVolumes));
  const named = tiers.flatMap(({tier, seenVolumes}) =>
    tier === undefined ? [] : [`${printable(tier)} ${seenVolumes}`],
  );
  const byTier = named.length === 0 ? '' : ` (${named.join(', ')})`;
  const where = shortScenario === undefined ? '' : ` if ${printable(shortScenario)} fails`;
  const short = shortBytes === 0 ? '' : `; for ${formatBytes(shortBytes)} more there is no room${where}`;
  const expected = `over the horizon ${meanVolumes.toFixed(1)} are to be expected, with ${formatBytes(copyBytes)} of copies at level ${Number(level.toFixed(4))}`;
  return `launches add ${formatBytes(addsBytes)} to the buffer${short}: ${seen} new volumes${byTier} were seen in ${watched}; ${expected}`;
}
