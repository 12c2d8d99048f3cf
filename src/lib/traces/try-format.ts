import {formatInstantUs, InputError, US_PER_SECOND} from '../core/index.js';
import type {TimeRule} from './reading/check-row.js';
import {createFeeder} from './reading/create-feeder.js';
import {withRoom} from './reading/feed-lines.js';
import {placeOf} from './activity.js';
import {createRequestBatch} from './reading/request-batch.js';
import {type FormatOptions, type TraceFormat, unitOf} from './reading/trace-format.js';
import {TIME_UNIT_NAMES, TIME_UNITS, type TimeUnit} from './reading/time-unit.js';
import type {Sample} from './sample.js';
import {fittingFormats, type NamedFormat} from './sniff-format.js';

/** Times before 1980 are a wrong unit, or relative. */
const EARLIEST_US = 315_532_800 * US_PER_SECOND;
/** The first instant that can be told as a date. */
const OLDEST_DATE_US = -8.64e18;
const EPOCH_RULE: TimeRule = {
  shiftUs: 0,
  minUs: EARLIEST_US,
  maxUs: Number.MAX_SAFE_INTEGER,
  reason: timeReason,
};
/** A sample has few rows, and is read once for every unit that its times may be in. */
const SAMPLE_ROWS = 64;
const START_HINT = '--start 2026-11-23T00:00:00Z says when the time 0 of the trace was';

/** What the first rows of an input are like. */
export interface Trial {
  readonly rows: number;
  /** Rows whose time would be before 1980. */
  readonly earlyRows: number;
  /** The first time, as us. */
  readonly firstUs: number;
  readonly reasons: readonly string[];
  /** Units in which the times would be of the years 1980 to 2255, when in the unit that was taken they are not. */
  readonly otherUnits: readonly {readonly unit: TimeUnit; readonly firstUs: number}[];
}

type TrialOptions = Omit<FormatOptions, 'indexOfVolume' | 'provisioned'>;

/** Reads the sample. Throws InputError when it has rows, and not one can be read in this format. */
export function tryFormat({name, format}: NamedFormat, options: TrialOptions, sample: Sample): Trial {
  const trial = readSample(format, options, sample);
  const otherUnits = isOfEpoch(trial) ? [] : fittingUnits(format, options, sample);
  if (trial.rows === 0 && trial.reasons.length > 0 && otherUnits.length === 0) {
    throw wrongFormat(name, trial.reasons, sample, options.source);
  }
  return {...trial, otherUnits};
}

type SampleRows = Omit<Trial, 'otherUnits'>;

function readSample(format: TraceFormat, options: TrialOptions, sample: Sample): SampleRows {
  const batch = createRequestBatch(SAMPLE_ROWS);
  const reasons: string[] = [];
  const times: number[] = [];
  const feeder = createFeeder(
    format,
    {...options, indexOfVolume: () => 0, provisioned: () => undefined},
    {
      batch,
      time: {shiftUs: 0, minUs: Number.NEGATIVE_INFINITY, maxUs: Number.MAX_SAFE_INTEGER, reason: timeReason},
      reject: (line, reason) => reasons.push(`${placeOf(options.source, line, unitOf(format))}: ${reason}`),
      onBatch: () => times.push(...batch.atUs.subarray(0, batch.count)),
    },
  );
  const isText = format.framing === 'lines';
  feeder.feed(withRoom(isText ? sample.text : sample.bytes));
  // What the sample cuts, a record or the document, is not cut in the input.
  if (isText || sample.isWhole) feeder.finish();
  const earlyRows = times.filter((atUs) => atUs < EARLIEST_US).length;
  return {rows: times.length, earlyRows, firstUs: times[0] ?? Number.NaN, reasons};
}

/** Whether most rows are of the years 1980 to 2255. */
function isOfEpoch({rows, earlyRows, reasons}: SampleRows): boolean {
  return 2 * (rows - earlyRows) > rows + reasons.length;
}

function fittingUnits(format: TraceFormat, options: TrialOptions, sample: Sample): Trial['otherUnits'] {
  if (format.time === 'relative' || format.heeds?.includes('timeUnit') !== true) return [];
  return TIME_UNITS.filter((unit) => unit !== options.readings.timeUnit).flatMap((unit) => {
    const told = {...options, readings: {...options.readings, timeUnit: unit}};
    const trial = readSample(format, told, sample);
    return isOfEpoch(trial) ? [{unit, firstUs: trial.firstUs}] : [];
  });
}

/**
 * How the times of an input become epoch us. Throws InputError when they are in another unit than that of the format,
 * or relative without a start, or not relative with one.
 */
export function timeRuleOf(
  format: TraceFormat,
  trial: Trial,
  startUs: number | undefined,
  source: string,
): TimeRule {
  const isRelative =
    format.time === 'relative' || (mayBeRelative(format) && 2 * trial.earlyRows > trial.rows);
  if (trial.otherUnits.length > 0 && !(isRelative && startUs !== undefined)) {
    throw otherUnit(trial, isRelative, source);
  }
  if (!mayBeRelative(format)) return EPOCH_RULE;
  if (startUs === undefined) {
    if (isRelative) throw startMissing(trial, source);
    return EPOCH_RULE;
  }
  if (!isRelative && trial.rows > 0) {
    throw new InputError(
      'absolute-time',
      `${source}: times are not relative: the first row is of ${formatInstantUs(trial.firstUs)}`,
      {hints: ['leave --start out']},
    );
  }
  return {
    shiftUs: startUs,
    minUs: Number.NEGATIVE_INFINITY,
    maxUs: Math.min(startUs + EARLIEST_US, Number.MAX_SAFE_INTEGER),
    reason: (atUs) =>
      atUs > startUs && atUs <= Number.MAX_SAFE_INTEGER
        ? `time is not relative, as it should be: it is ${formatInstantUs(atUs - startUs)}`
        : timeReason(atUs),
  };
}

/** Whether times of the format can be relative to a --start. */
export function mayBeRelative({time}: TraceFormat): boolean {
  return time === 'relative' || time === 'epoch-or-relative';
}

function startMissing({firstUs}: Trial, source: string): InputError {
  return new InputError(
    'relative-time',
    `${source}: times are relative: the first row is ${firstUs / US_PER_SECOND} s after a start that the file does not tell`,
    {hints: [START_HINT]},
  );
}

/** Says what the times are in the unit that was taken and in those that make sense. */
function otherUnit({rows, firstUs, otherUnits}: Trial, isRelative: boolean, source: string): InputError {
  const readings = otherUnits.map(
    ({unit, firstUs: otherUs}) =>
      `in ${TIME_UNIT_NAMES[unit]} since 1970 the first row is of ${formatInstantUs(otherUs)}`,
  );
  const taken = isRelative
    ? `in the format's own unit the first row is ${firstUs / US_PER_SECOND} s after a start that the file does not tell`
    : `in the format's own unit the times are not of the years 1980 to 2255`;
  return new InputError(
    'ambiguous-time',
    `${source}: the unit of the times is in doubt: ${[...readings, taken].join('; ')}`,
    {
      hints: [
        ...otherUnits.map(({unit}) => `--time-unit ${unit}`),
        ...(isRelative && rows > 0 ? [START_HINT] : []),
      ],
    },
  );
}

function timeReason(atUs: number): string {
  if (atUs < OLDEST_DATE_US) return 'time is before all calendars: is its unit right?';
  return atUs < EARLIEST_US
    ? `time is ${formatInstantUs(atUs)}, before 1980: is its unit right?`
    : 'time is after the year 2255: is its unit right?';
}

function wrongFormat(name: string, reasons: readonly string[], sample: Sample, source: string): InputError {
  const fitting = fittingFormats(sample).map((other) => other.name);
  const advice = fitting.length > 0 ? `it looks like ${fitting.join(' or ')}` : 'see what the file is';
  return new InputError(
    'wrong-format',
    `${source} is not ${name}: none of its first ${reasons.length} rows can be read; nothing was written`,
    {
      diagnostics: reasons.slice(0, 5).map((message) => ({severity: 'error', code: 'bad-row', message})),
      hints: [fitting.length > 0 ? `--format ${fitting[0] ?? ''}: ${advice}` : advice],
    },
  );
}
