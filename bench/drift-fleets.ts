import {existsSync} from 'node:fs';
import path from 'node:path';

import {createRandom, type Series} from '../src/lib/core/index.js';
import {
  type CalibratedModel,
  fitCalibrated,
  forecastModel,
  forecastQuantiles,
  SEASON_STEPS,
} from '../src/lib/forecasting/index.js';
import {
  KEPT_LEVELS,
  scoreBlock,
  traitsOf,
  WARM_UP_NIGHTS,
  type WatchedNight,
} from '../src/lib/monitoring/index.js';
import {alarmNights} from './drift-nights.js';
import {BITBRAINS_FILE, readBitbrains} from './real-volumes.js';
import {readSyntheticTruth} from './synthetic-truth.js';

const DAY_HOURS = 24;
const FLEET = 25;
const SEASON = SEASON_STEPS.hourly;

type Row = Record<string, string | number>;

/**
 * Fleets of 25 volumes, foreseen every night by a seasonal naive that was calibrated once: those of a cluster of `synth`, and
 * the disks of Bitbrains where their file is there. What looks like drift to the test, and when.
 */
export async function watchFleets(data: string): Promise<readonly Row[]> {
  const {histories} = await readSyntheticTruth(1);
  const rows = [await watchAll('synth, fleets of 25', histories, 14)];
  const file = path.join(data, BITBRAINS_FILE);
  if (existsSync(file)) rows.push(await watchAll('bitbrains, fleets of 25', await readBitbrains(file), 10));
  else process.stderr.write(`skipped: ${BITBRAINS_FILE} is not in ${data} (--data)\n`);
  return rows;
}

async function watchAll(name: string, all: readonly Series[], trainDays: number): Promise<Row> {
  const whole = all.filter(({values}) => !Number.isNaN(values[0]));
  const days: number[] = [];
  let [fleets, tested] = [0, 0];
  for (let from = 0; from + FLEET <= whole.length; from += FLEET) {
    const nights = await nightsOfFleet(whole.slice(from, from + FLEET), trainDays);
    days.push(...alarmNights(nights, {nightsPerFalseAlarm: 1000}).map((night) => trainDays + night + 1));
    fleets += 1;
    tested += Math.max(0, nights.length - WARM_UP_NIGHTS);
  }
  const when = [...new Set(days)].sort((left, right) => left - right).join(' ');
  return {nights: name, false_alarms: days.length, of_nights: tested, fleets, days_of_alarms: when};
}

async function nightsOfFleet(fleet: readonly Series[], trainDays: number): Promise<readonly WatchedNight[]> {
  const days = Math.floor((fleet[0]?.values.length ?? 0) / DAY_HOURS);
  const model = await fitCalibrated(forecastModel('seasonal-naive'), cutAt(fleet, trainDays), {
    ...{horizonSteps: DAY_HOURS, seasonSteps: SEASON, random: createRandom('bench drift fleets')},
  });
  const nights: WatchedNight[] = [];
  for (let day = trainDays; day < days; day += 1) nights.push(...(await nightAt(fleet, model, day)));
  return nights;
}

async function nightAt(
  fleet: readonly Series[],
  {fitted, calibration}: CalibratedModel,
  day: number,
): Promise<readonly WatchedNight[]> {
  const known = cutAt(fleet, day);
  const asked = {horizonSteps: DAY_HOURS, levels: KEPT_LEVELS, lowest: 0};
  const forecasts = await forecastQuantiles(fitted, calibration, known, asked);
  const historyOf = new Map(known.map((series) => [series.id, series]));
  const cameOf = new Map(
    fleet.map(({id, values}) => [id, values.subarray(day * DAY_HOURS, (day + 1) * DAY_HOURS)]),
  );
  const volumes = forecasts.flatMap(({id, quantiles}) => {
    const history = historyOf.get(id);
    return history ? [{id, quantiles, ...traitsOf(history, SEASON)}] : [];
  });
  const scores = scoreBlock(volumes, [], (_, id) => cameOf.get(id));
  if (scores === undefined) return [];
  return [{logLoss: Math.log(Math.max(1e-3, scores.night.scaledLoss)), bias: scores.night.scaledBias}];
}

function cutAt(fleet: readonly Series[], days: number): readonly Series[] {
  return fleet.map((series) => ({...series, values: series.values.subarray(0, days * DAY_HOURS)}));
}
