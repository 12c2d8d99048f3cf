import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import type {HistoryChange} from '../../src/lib/monitoring/index.js';
import type {SeriesQuery} from '../../src/lib/shadow-store/index.js';
import {forecastSeries, type ForecastSource} from '../../src/lib/workflows/forecast-series.js';
import {monitorForecasts, type MonitorReport} from '../../src/lib/workflows/monitor-forecasts.js';
import {trainModel} from '../../src/lib/workflows/train-model.js';

export const START_US = Date.parse('2026-01-05T00:00:00Z') * 1000;
export const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
/** History before the first night. */
export const DAYS_BEFORE = 14;
export const NIGHTS = 30;
/** Nights before the first one that is not like the others: the begin of week three. */
export const DRIFT_NIGHT = 14;

/** Volumes with a job a day, less on Sundays; from the night of the drift on it runs eight hours later. */
export function fleetWithDrift(driftNight = DRIFT_NIGHT): readonly Series[] {
  const hours = (DAYS_BEFORE + NIGHTS) * 24;
  return Array.from({length: 4}, (_, volume) => {
    const random = createRandom(`month ${volume}`);
    let wander = 0;
    const values = Float64Array.from({length: hours}, (__, hour) => {
      wander = 0.6 * wander + random.normal();
      const day = Math.floor(hour / 24);
      const begins = 2 + volume + (day >= DAYS_BEFORE + driftNight ? 8 : 0);
      const isAtWork = hour % 24 >= begins && hour % 24 < begins + 6;
      return Math.round(1e9 * (50 + 10 * volume + (isAtWork ? (day % 7 === 6 ? 12 : 15) : 0) + wander));
    });
    return {id: `vol-${volume}`, startUs: START_US, stepSeconds: 3600, values};
  });
}

/** A store that knows the fleet up to a day. */
function storeUntil(fleet: readonly Series[], endUs: number) {
  return {
    info: () => ({firstUs: START_US, endUs}),
    readSeries: ({fromUs = START_US, toUs = endUs}: SeriesQuery) => {
      const [from, to] = [(fromUs - START_US) / HOUR_US, (toUs - START_US) / HOUR_US];
      return Promise.resolve(
        fleet.map((series) => ({...series, startUs: fromUs, values: series.values.slice(from, to)})),
      );
    },
    close: () => undefined,
  };
}

export interface Scene {
  readonly storePath: string;
  readonly fleet: readonly Series[];
  readonly onChange?: (change: HistoryChange) => void;
}

export function nightUs(night: number): number {
  return START_US + (DAYS_BEFORE + night) * DAY_US;
}

const QUIET = {signal: new AbortController().signal, onProgress: () => undefined} as const;
const TOOL = 'foreshadow/test';

export function monitorAt(night: number, {storePath, fleet, onChange}: Scene): Promise<MonitorReport> {
  const asOfUs = nightUs(night);
  return monitorForecasts({
    ...{storePath, asOfUs, createdAtUs: asOfUs, sinceUs: START_US, nightsPerFalseAlarm: 1000, tool: TOOL},
    openStore: () => Promise.resolve(storeUntil(fleet, asOfUs)),
    ...{...QUIET, onChange},
  });
}

export async function keepAt(
  night: number,
  source: ForecastSource,
  role: 'champion' | 'challenger',
  {storePath, fleet, onChange}: Scene,
): Promise<void> {
  const asOfUs = nightUs(night);
  await forecastSeries({
    ...{storePath, source, asOfUs, levels: [0.5], horizonSeconds: 2 * 86_400, threads: 1},
    openStore: () => Promise.resolve(storeUntil(fleet, asOfUs)),
    keep: {role, tool: TOOL, createdAtUs: asOfUs, onChange},
    ...QUIET,
  });
}

/** Trains a model on all that is known at a night. */
export async function trainAt(
  night: number,
  model: string,
  {storePath, fleet}: Scene,
): Promise<ForecastSource> {
  const asOfUs = nightUs(night);
  const {out} = await trainModel({
    ...{storePath, model, asOfUs, createdAtUs: asOfUs, horizonSeconds: 2 * 86_400, seed: 1, threads: 1},
    ...{granularity: 'hourly', metric: 'used-bytes', tool: TOOL},
    openStore: () => Promise.resolve(storeUntil(fleet, asOfUs)),
    ...QUIET,
  });
  const asked = {granularity: 'hourly', metric: 'used-bytes'} as const;
  return {kind: 'file', choice: {name: out, ...asked, asked}};
}

/** Every file of the history by its bytes. */
export async function historyBytes(storePath: string): Promise<Readonly<Record<string, string>>> {
  const root = path.join(storePath, 'monitor');
  const entries = await readdir(root, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.sort().map(async (file) => [path.relative(root, file), await readFile(file, 'base64')] as const),
  );
  return Object.fromEntries(contents);
}
