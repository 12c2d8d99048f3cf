import path from 'node:path';

import {createRandom, mean, quantile} from '../src/lib/core/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {watchFleets} from './drift-fleets.js';
import {alarmNights, nightsOf, nightsUntilAlarm, STATIONARY, type StationaryNights} from './drift-nights.js';

const NIGHTS_PER_FALSE_ALARM = 1000;
/** Of the loss, in standard deviations of its nights. */
const SHIFTS = [3, 4, 6, 8];
/** So many nights are known when the drift comes. */
const KNOWN = [14, 60];
/** What was not found within so many nights counts as if it had been then. */
const LONGEST = 60;

/**
 * The drift test of `monitor` on made nights: years without drift, of each kind how many nights there are for a false
 * alarm; and years in which the loss rises by some standard deviations, how many nights it takes to be found. `--runs` says
 * how many years of each. Then fleets (`watchFleets`).
 */
export async function bench({
  runs = 1000,
  data = path.join(import.meta.dirname, '..', '..', 'shared', 'data'),
}: BenchOptions): Promise<BenchResult> {
  const table: Record<string, string | number>[] = [];
  const figures: Record<string, number> = {};
  let fewest = Infinity;
  for (const nights of STATIONARY) {
    const alarms = falseAlarms(nights, runs);
    const perAlarm = alarms === 0 ? Infinity : Math.round((runs * 365) / alarms);
    fewest = Math.min(fewest, perAlarm);
    table.push({
      nights: nights.name,
      ...{false_alarms: alarms, of_nights: runs * 365, nights_per_false_alarm: perAlarm},
    });
  }
  figures['fewest_nights_per_false_alarm'] = fewest;
  for (const shiftAt of KNOWN) {
    for (const shift of SHIFTS) {
      for (const nights of STATIONARY.slice(0, 4)) {
        const found = nightsToFind(nights, {shiftAt, shift, runs: Math.ceil(runs / 5)});
        const withinThree = found.filter((night) => night <= 3).length / found.length;
        table.push({
          nights: `${nights.name}, ${shift} deviations after ${shiftAt}`,
          ...{mean_nights: mean(found).toFixed(1), median_nights: quantile(found, 0.5)},
          within_three: withinThree.toFixed(3),
        });
        if (nights.correlation === 0 && nights.weekly === 0)
          figures[`nights_to_find_${shift}_after_${shiftAt}`] = mean(found);
      }
    }
  }
  table.push(...(await watchFleets(data)));
  return {name: 'drift', figures, table};
}

function falseAlarms(nights: StationaryNights, runs: number): number {
  let alarms = 0;
  for (let run = 0; run < runs; run += 1) {
    const random = createRandom(`bench drift ${nights.name} ${run}`);
    const year = nightsOf(365, {...nights, shiftAt: Infinity, shift: 0}, random);
    alarms += alarmNights(year, {nightsPerFalseAlarm: NIGHTS_PER_FALSE_ALARM}).length;
  }
  return alarms;
}

function nightsToFind(
  nights: StationaryNights,
  {shiftAt, shift, runs}: {readonly shiftAt: number; readonly shift: number; readonly runs: number},
): readonly number[] {
  return Array.from({length: runs}, (_, run) => {
    const random = createRandom(`bench drift ${nights.name} ${shiftAt} ${run}`);
    return Math.min(LONGEST, nightsUntilAlarm({...nights, shiftAt, shift}, random, NIGHTS_PER_FALSE_ALARM));
  });
}
