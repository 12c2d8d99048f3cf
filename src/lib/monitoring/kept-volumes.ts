import {mkdir, open} from 'node:fs/promises';
import path from 'node:path';

import {z} from 'zod';

import {InputError, type Series} from '../core/index.js';
import {
  type Forecast,
  kindOf,
  quoted,
  scaleSeason,
  seasonalScale,
  type SeriesKind,
} from '../forecasting/index.js';
import {readParquet, writeParquet} from '../shadow-store/index.js';
import {KEPT_LEVELS} from './kept-forecast.js';
import type {ForeseenVolume} from './score-block.js';

/** What is known of a volume when it is foreseen, and needed when it is scored. */
export interface VolumeTraits {
  readonly kind: SeriesKind;
  /** Mean absolute difference one season apart; 0 when it never moved. */
  readonly scale: number;
}

/** The traits of a history, by its values up to the origin. */
export function traitsOf({values}: Series, seasonSteps: readonly number[]): VolumeTraits {
  const scale = seasonalScale(values, scaleSeason(values, seasonSteps));
  return {kind: kindOf(values, seasonSteps), scale: Number.isFinite(scale) ? scale : 0};
}

const TYPES = {
  volume: 'VARCHAR',
  class: 'VARCHAR',
  scale: 'DOUBLE',
  step: 'INTEGER',
  point: 'DOUBLE',
  ...Object.fromEntries(KEPT_LEVELS.map((level) => [`q${level}`, 'DOUBLE' as const])),
} as const satisfies Readonly<Record<string, 'VARCHAR' | 'INTEGER' | 'DOUBLE'>>;

/** Rows of one file: a text of more of them would be larger than texts may be. */
const MOST_ROWS = 200_000;

/** The forecasts in as many parts as their files are to be. */
export function partsOf(forecasts: readonly Forecast[]): readonly (readonly Forecast[])[] {
  const size = Math.max(1, Math.floor(MOST_ROWS / Math.max(1, forecasts[0]?.point.length ?? 1)));
  return Array.from({length: Math.ceil(forecasts.length / size)}, (_, part) =>
    forecasts.slice(part * size, (part + 1) * size),
  );
}

/**
 * Forecasts at `KEPT_LEVELS` as CSV, volume by volume in the order given, a row a step (from 1): volume, class, scale, step,
 * point, one column a level.
 */
export function keptVolumesCsv(
  forecasts: readonly Forecast[],
  traitsOf: (volume: string) => VolumeTraits,
): string {
  const rows = forecasts.flatMap(({id, point, quantiles}) => {
    const {kind, scale} = traitsOf(id);
    const name = quoted(id);
    return Array.from(point, (value, step) =>
      [name, kind, scale, step + 1, value, ...quantiles.map((path) => path[step])].join(','),
    );
  });
  return `${[Object.keys(TYPES).join(','), ...rows].join('\n')}\n`;
}

/** Writes that CSV as Parquet, wholly or not at all, and flushes it. Throws TargetError. */
export async function writeKeptVolumes(csv: string, filePath: string): Promise<void> {
  await mkdir(path.dirname(filePath), {recursive: true});
  await writeParquet(csv, TYPES, filePath);
  const handle = await open(filePath, 'r+');
  await handle.sync().finally(() => handle.close());
}

const rowSchema = z.tuple(
  [
    z.string(),
    z.enum(['unknown', 'constant', 'intermittent', 'ordinary']),
    z.number(),
    z.number(),
    z.number(),
  ],
  z.number(),
);

/**
 * The quantiles of all volumes for the steps from `fromStep` (from 0) up to `toStep` (exclusive), volumes in the order in which
 * they were written. Throws InputError when the file is not what `writeKeptVolumes` wrote.
 */
export async function readKeptVolumes(
  filePath: string,
  {fromStep, toStep}: {readonly fromStep: number; readonly toStep: number},
): Promise<readonly ForeseenVolume[]> {
  const {columns, rows} = await readParquet(filePath, {column: 'step', from: fromStep + 1, to: toStep});
  if (columns.join() !== Object.keys(TYPES).join())
    throw notKept(filePath, `its columns are ${columns.join()}`);
  const volumes = new Map<string, ForeseenVolume>();
  for (const row of rows) {
    const read = rowSchema.safeParse(row);
    if (!read.success) throw notKept(filePath, `a row is ${row.map(String).join()}`);
    const [id, kind, scale, step, , ...quantiles] = read.data;
    const volume = volumes.get(id) ?? {id, kind, scale, quantiles: emptyQuantiles(toStep - fromStep)};
    volumes.set(id, volume);
    for (const [index, value] of quantiles.entries()) {
      const path = volume.quantiles[index];
      if (path !== undefined) path[step - 1 - fromStep] = value;
    }
  }
  return [...volumes.values()];
}

/** One path of NaN a kept level. */
export function emptyQuantiles(steps: number): readonly Float64Array[] {
  return KEPT_LEVELS.map(() => new Float64Array(steps).fill(Number.NaN));
}

function notKept(filePath: string, what: string): InputError {
  return new InputError('not-kept', `${filePath}: not a kept forecast: ${what}`, {
    hints: ['remove it and its .json: that forecast is not scored then'],
  });
}
