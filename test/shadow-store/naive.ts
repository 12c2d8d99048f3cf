import fc from 'fast-check';

import type {VolumeHistory} from '../../src/lib/shadow-store/index.js';
import {type Activity, BEGIN_US, MINUTE_US} from './batches.js';

/** Few, so that batches meet in them; two that sort differently by code unit and by byte. */
const NAMES = fc.constantFrom('vol-1', 'vol-2', "vol'3", '\u{10000}', '\u{FFFF}');
const AMOUNT = fc.nat({max: 1e12});
const ACTIVITY = fc.record({
  volume: NAMES,
  minute: fc.nat({max: 3000}),
  reads: fc.nat({max: 1000}),
  writes: fc.nat({max: 1000}),
  trims: fc.nat({max: 10}),
  readBytes: AMOUNT,
  writeBytes: AMOUNT,
  growthBytes: fc.integer({min: -1e12, max: 1e12}),
  used: fc.option(fc.record({bytes: AMOUNT, second: fc.nat({max: 59})}), {nil: undefined}),
});

/** Activities of one batch: unique in volume and minute. */
export const ACTIVITIES: fc.Arbitrary<readonly Activity[]> = fc
  .uniqueArray(ACTIVITY, {
    minLength: 1,
    maxLength: 40,
    selector: ({volume, minute}) => `${minute} ${volume}`,
  })
  .map((list) =>
    list.map(({minute, used, ...rest}) => {
      const startUs = BEGIN_US + minute * MINUTE_US;
      const sample = used && {bytes: used.bytes, atUs: startUs + used.second * 1_000_000};
      return {...rest, startUs, used: sample};
    }),
  );

/** What a reader should see of a volume, from the definition. */
export function naiveHistory(
  activities: readonly Activity[],
  volume: string,
  axis: {readonly startUs: number; readonly stepSeconds: number; readonly steps: number},
): VolumeHistory {
  const sums = (value: (activity: Activity) => number | undefined): Float64Array =>
    Float64Array.from({length: axis.steps}, (_, step) =>
      inStep(activities, volume, axis, step).reduce((total, activity) => total + (value(activity) ?? 0), 0),
    );
  return {
    volume,
    startUs: axis.startUs,
    stepSeconds: axis.stepSeconds,
    reads: sums(({reads}) => reads),
    writes: sums(({writes}) => writes),
    trims: sums(({trims}) => trims),
    readBytes: sums(({readBytes}) => readBytes),
    writeBytes: sums(({writeBytes}) => writeBytes),
    footprintGrowthBytes: sums(({growthBytes}) => growthBytes),
    usedBytes: Float64Array.from({length: axis.steps}, (_, step) => {
      const samples = inStep(activities, volume, axis, step).flatMap(({used}) => used ?? []);
      return samples.sort((a, b) => b.atUs - a.atUs || b.bytes - a.bytes)[0]?.bytes ?? Number.NaN;
    }),
  };
}

function inStep(
  activities: readonly Activity[],
  volume: string,
  axis: {readonly startUs: number; readonly stepSeconds: number},
  step: number,
): readonly Activity[] {
  const fromUs = axis.startUs + step * axis.stepSeconds * 1e6;
  const toUs = fromUs + axis.stepSeconds * 1e6;
  return activities.filter((row) => row.volume === volume && row.startUs >= fromUs && row.startUs < toUs);
}
