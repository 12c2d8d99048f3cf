import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {createRandom, type Random, type Series} from '../src/lib/core/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {builtForecasting} from './built-forecasting.js';

const DAY_HOURS = 24;
const HORIZON_STEPS = 7 * DAY_HOURS;
const LEVELS = [0.05, 0.5, 0.95];
const THREADS = 2;

/**
 * A fleet's week: `volumes` (10,000) hourly series of `days` (90) days are fitted, calibrated and foreseen for 7 days on two
 * threads of the built program, and written as CSV. The series are in memory at the start. `models` names the model.
 */
export async function bench({
  volumes = 10_000,
  days = 90,
  models = 'ensemble',
}: BenchOptions): Promise<BenchResult> {
  const forecasting = await builtForecasting();
  const {fitCalibrated, forecastCsv, forecastModel, forecastQuantiles, SEASON_STEPS} = forecasting;
  const random = createRandom('bench fleet');
  const panel = Array.from({length: volumes}, (_, index) =>
    volumeHistory(`v${index}`, days * DAY_HOURS, random.fork(`v${index}`)),
  );
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const signal = new AbortController().signal;
  const {csv, notes, fitSeconds} = await forecasting.withModelThreads(
    {count: THREADS, series: panel.length, signal},
    async (threads) => {
      const {fitted, calibration} = await fitCalibrated(forecastModel(models), panel, {
        ...{horizonSteps: HORIZON_STEPS, seasonSteps: SEASON_STEPS.hourly, random, threads, signal},
      });
      const fitSeconds = (performance.now() - startedMs) / 1000;
      const quantiles = {horizonSteps: HORIZON_STEPS, levels: LEVELS, lowest: 0};
      const forecasts = await forecastQuantiles(fitted, calibration, panel, quantiles);
      return {csv: forecastCsv(forecasts, LEVELS), notes: fitted.notes ?? {}, fitSeconds};
    },
  );
  const folder = path.join(import.meta.dirname, 'out');
  await mkdir(folder, {recursive: true});
  await writeFile(path.join(folder, 'fleet.csv'), csv);
  const cpu = process.cpuUsage(before);
  return {
    name: 'fleet',
    figures: {
      volumes,
      wall_seconds: (performance.now() - startedMs) / 1000,
      fit_seconds: fitSeconds,
      cpu_seconds: (cpu.user + cpu.system) / 1e6,
      peak_rss_gb: (process.resourceUsage().maxRSS * 1024) / 1e9,
    },
    table: Object.entries(notes).map(([note, value]) => ({model: models, note, value})),
  };
}

/** Written bytes an hour: a level of its own, a day and a week of its own strength and hour, noise, growth, idle hours. */
function volumeHistory(id: string, steps: number, random: Random): Series {
  const level = 10 ** (6 + 4 * random.next());
  const [dayShare, weekShare, noiseShare] = [0.8 * random.next(), 0.3 * random.next(), 0.5 * random.next()];
  const [peakHour, growth] = [24 * random.next(), 0.3 * random.next()];
  const idleShare = random.next() < 0.2 ? 0.7 * random.next() : 0;
  const values = Float64Array.from({length: steps}, (_, step) => {
    if (random.next() < idleShare) return 0;
    const day = dayShare * Math.cos((2 * Math.PI * (step - peakHour)) / 24);
    const week = weekShare * Math.cos((2 * Math.PI * step) / 168);
    const noise = Math.exp(noiseShare * random.normal());
    return Math.max(0, Math.round(level * (1 + day + week + (growth * step) / steps) * noise));
  });
  return {id, startUs: 0, stepSeconds: 3600, values};
}
