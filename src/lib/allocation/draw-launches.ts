import type {Random} from '../core/index.js';
import type {LaunchedVolume, TierLaunches} from './launch-history.js';

/** The volumes that come over a horizon in one possible future. */
export type LaunchSample = readonly LaunchedVolume[];

/**
 * Draws what may come in one tier over so many `horizons` of the watched time's length. Batches come as a Poisson process
 * whose rate is itself uncertain: n of them seen leave the number to be expected in as long a time a gamma law of shape
 * n + 1/2 (Jeffreys' prior; the count is then negative binomial; Gelman et al., Bayesian Data Analysis, section 2.6), so
 * that few of them promise little. How many volumes a batch brings is drawn from those seen; what each holds and how it
 * is mirrored, from those alike. Every volume counts in full, whenever in the horizon it comes.
 */
export function drawLaunches(
  {batches, alike}: TierLaunches,
  horizons: number,
  {drawCount, random}: {readonly drawCount: number; readonly random: Random},
): readonly LaunchSample[] {
  return Array.from({length: drawCount}, () => {
    const batchCount = poisson(gamma(batches.length + 0.5, random) * horizons, random);
    const drawn = Array.from({length: batchCount}, () => batches[random.below(batches.length)] ?? []);
    return drawn.flatMap((batch) => batch.flatMap(() => alike[random.below(alike.length)] ?? []));
  });
}

/** Gamma with scale 1 and a shape above 1/3, by Marsaglia and Tsang (2000), ACM TOMS 26(3). */
function gamma(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < x ** 2 / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** Events of a unit rate within `mean`: by the gaps between them. */
function poisson(mean: number, random: Random): number {
  let count = -1;
  for (let passed = 0; passed < mean || count < 0; count += 1) passed -= Math.log(1 - random.next());
  return count;
}
