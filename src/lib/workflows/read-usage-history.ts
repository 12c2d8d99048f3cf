import {createReadStream} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';

import {parse} from 'csv-parse';

import {
  type Diagnostic,
  errorText,
  floorToStepUs,
  InputError,
  parseInstantUs,
  type Series,
  US_PER_SECOND,
} from '../core/index.js';

const HEADER = /^volume,(time|time_us|time_ms|time_s),used_bytes(,provisioned_bytes)?$/;
const US_PER_UNIT: Readonly<Record<string, number>> = {time_us: 1, time_ms: 1000, time_s: US_PER_SECOND};
/** So many faults are told; reading goes no further. */
const MOST_FAULTS = 20;
const HINT =
  'a file begins with volume,time,used_bytes and goes on with lines like vol-7,2026-01-31T05:00:00Z,5368709120';

/** Where a capacity history is cut. */
export interface UsageSpan {
  readonly stepSeconds: number;
  /** Samples before this do not count, nor do those from `toUs` on. */
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Reads a capacity history: a CSV file (or `.gz`) with the header `volume,TIME,used_bytes[,provisioned_bytes]`, TIME being
 * time_us, time_ms, time_s (whole numbers since 1970) or time (ISO 8601; UTC without a zone), in any order. One series a
 * volume, all over the steps from that of the first sample to that of the last: the bytes used at the end of each step,
 * which the youngest sample by then tells; NaN before a volume's first one. Throws InputError that names the lines that
 * cannot be used.
 */
export async function readUsageHistory(file: string, span: UsageSpan): Promise<readonly Series[]> {
  const tracks = await readTracks(file, span);
  const steps = [...tracks.values()].flatMap(({lastOfStep}) => [...lastOfStep.keys()]);
  const first = steps.reduce((least, step) => Math.min(least, step), Infinity);
  const last = steps.reduce((most, step) => Math.max(most, step), -Infinity);
  if (steps.length === 0) {
    throw new InputError('no-samples', `${file} has no usage sample in the time asked for`, {
      hints: ['another --from or --to', HINT],
    });
  }
  return [...tracks].map(([id, {lastOfStep, ceiling}]) => {
    const values = new Float64Array(last - first + 1);
    let level = Number.NaN;
    for (let step = first; step <= last; step += 1) {
      level = lastOfStep.get(step)?.usedBytes ?? level;
      values[step - first] = level;
    }
    const startUs = first * span.stepSeconds * US_PER_SECOND;
    return {id, startUs, stepSeconds: span.stepSeconds, values, ...(ceiling && {ceiling: ceiling.bytes})};
  });
}

interface Track {
  /** By step since the epoch. */
  readonly lastOfStep: Map<number, {readonly atUs: number; readonly usedBytes: number}>;
  ceiling: {readonly atUs: number; readonly bytes: number} | undefined;
}

interface Row {
  readonly volume: string;
  readonly atUs: number;
  readonly usedBytes: number;
  readonly provisionedBytes: number | undefined;
}

async function readTracks(file: string, span: UsageSpan): Promise<ReadonlyMap<string, Track>> {
  const tracks = new Map<string, Track>();
  const faults: Diagnostic[] = [];
  let readRow: ((record: readonly string[]) => Row | string) | undefined;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (record: readonly string[], {lines}) => {
      const refuse = (message: string): void => {
        faults.push({severity: 'error', code: 'bad-usage', at: `${file}:${lines}`, message});
        if (faults.length >= MOST_FAULTS) throw tellFaults(file, faults);
      };
      if (readRow === undefined) {
        readRow = rowReader(record);
        if (readRow === undefined) throw wrongHeader(file, record);
        return null;
      }
      const row = readRow(record);
      if (typeof row === 'string') refuse(row);
      else addSample(tracks, row, span);
      return null;
    },
  });
  parser.resume();
  try {
    const source = createReadStream(file);
    await (file.endsWith('.gz') ? pipeline(source, createGunzip(), parser) : pipeline(source, parser));
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(file, error);
  }
  if (faults.length > 0) throw tellFaults(file, faults);
  if (readRow === undefined) throw wrongHeader(file, []);
  return tracks;
}

function rowReader(header: readonly string[]): ((record: readonly string[]) => Row | string) | undefined {
  const [, time, provisioned] = HEADER.exec(header.join(',')) ?? [];
  if (time === undefined) return undefined;
  const usPerUnit = US_PER_UNIT[time];
  const fields = provisioned === undefined ? 3 : 4;
  const readTime = (text: string): number | undefined => {
    const whole = wholeNumber(text);
    return usPerUnit === undefined
      ? parseInstantUs(text)
      : whole === undefined
        ? undefined
        : whole * usPerUnit;
  };
  const fault = (name: string, text: string, what: string): string => `${name} is no ${what}: "${text}"`;
  return (record) => {
    const [volume = '', instant = '', used = '', size = '0'] = record;
    if (record.length !== fields) return `${record.length} fields instead of ${fields}`;
    if (volume === '') return 'the volume has no name';
    const [atUs, usedBytes, sizeBytes] = [readTime(instant), wholeNumber(used), wholeNumber(size)];
    if (atUs === undefined)
      return fault(time, instant, usPerUnit === undefined ? 'ISO 8601 time' : 'whole number');
    if (usedBytes === undefined) return fault('used_bytes', used, 'whole number of bytes');
    if (sizeBytes === undefined) return fault('provisioned_bytes', size, 'whole number of bytes');
    return {volume, atUs, usedBytes, provisionedBytes: provisioned === undefined ? undefined : sizeBytes};
  };
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Of several samples of a step the youngest counts, of equally old ones the last. */
function addSample(
  tracks: Map<string, Track>,
  {volume, atUs, usedBytes, provisionedBytes}: Row,
  {stepSeconds, fromUs, toUs}: UsageSpan,
): void {
  if (atUs < fromUs || atUs >= toUs) return;
  const track: Track = tracks.get(volume) ?? {lastOfStep: new Map(), ceiling: undefined};
  tracks.set(volume, track);
  const step = floorToStepUs(atUs, stepSeconds) / (stepSeconds * US_PER_SECOND);
  if (atUs >= (track.lastOfStep.get(step)?.atUs ?? -Infinity)) track.lastOfStep.set(step, {atUs, usedBytes});
  if (provisionedBytes !== undefined && atUs >= (track.ceiling?.atUs ?? -Infinity))
    track.ceiling = {atUs, bytes: provisionedBytes};
}

function wrongHeader(file: string, record: readonly string[]): InputError {
  const header = JSON.stringify(record.join(',').slice(0, 120));
  return new InputError(
    'wrong-header',
    `${file}:1: the header is ${header}, not volume, a time and used_bytes`,
    {
      hints: [HINT],
    },
  );
}

function tellFaults(file: string, faults: readonly Diagnostic[]): InputError {
  const [first] = faults;
  return new InputError('bad-usage', `${first?.at ?? file}: ${first?.message ?? 'unreadable'}`, {
    diagnostics: faults.length > 1 ? faults : [],
    hints: [HINT],
  });
}

function unreadable(file: string, error: unknown): InputError {
  return new InputError('cannot-read', `cannot read ${file}: ${errorText(error)}`, {cause: error});
}
