import {formatInstantUs, InputError, US_PER_SECOND} from '../core/index.js';
import type {TimeRule} from './reading/check-row.js';
import {createFeeder} from './reading/create-feeder.js';
import {withRoom} from './reading/feed-lines.js';
import {placeOf} from './activity.js';
import {createRequestBatch} from './reading/request-batch.js';
import {type FormatOptions, type TraceFormat, unitOf} from './reading/trace-format.js';
import type {Sample} from './sample.js';
import {fittingFormats, type NamedFormat} from './sniff-format.js';

/** Times before 1980 are a wrong unit, or relative. */
const EARLIEST_US = 315_532_800 * US_PER_SECOND;
/** The first instant that can be told as a date. */
const OLDEST_DATE_US = -8.64e18;

/** What the first rows of an input are like. */
export interface Trial {
  readonly rows: number;
  /** Rows whose time would be before 1980. */
  readonly earlyRows: number;
  /** The first time, as us. */
  readonly firstUs: number;
}

/** Reads the sample. Throws InputError when it has rows, and not one can be read in this format. */
export function tryFormat(
  {name, format}: NamedFormat,
  options: Omit<FormatOptions, 'indexOfVolume'>,
  sample: Sample,
): Trial {
  const {source} = options;
  const batch = createRequestBatch();
  const reasons: string[] = [];
  const times: number[] = [];
  const feeder = createFeeder(
    format,
    {...options, indexOfVolume: () => 0},
    {
      batch,
      time: {shiftUs: 0, minUs: Number.NEGATIVE_INFINITY, reason: timeReason},
      reject: (line, reason) => reasons.push(`${placeOf(source, line, unitOf(format))}: ${reason}`),
      onBatch: () => times.push(...batch.atUs.subarray(0, batch.count)),
    },
  );
  const isText = format.framing === 'lines';
  feeder.feed(withRoom(isText ? sample.text : sample.bytes));
  // What the sample cuts, a record or the document, is not cut in the input.
  if (isText || sample.isWhole) feeder.finish();
  const [firstUs] = times;
  if (firstUs === undefined && reasons.length > 0) throw wrongFormat(name, reasons, sample, source);
  const earlyRows = times.filter((atUs) => atUs < EARLIEST_US).length;
  return {rows: times.length, earlyRows, firstUs: firstUs ?? Number.NaN};
}

/** How the times of an input become epoch us. Throws InputError when they are relative without a start, or the reverse. */
export function timeRuleOf(
  format: TraceFormat,
  {rows, earlyRows, firstUs}: Trial,
  startUs: number | undefined,
  source: string,
): TimeRule {
  if (format.time !== 'epoch-or-relative') return {shiftUs: 0, minUs: EARLIEST_US, reason: timeReason};
  const isRelative = 2 * earlyRows > rows;
  if (isRelative && startUs === undefined) {
    throw new InputError(
      'relative-time',
      `${source}: times are relative: the first row is ${firstUs / US_PER_SECOND} s after a start that the file does not tell`,
      {hints: ['--start 2026-11-23T00:00:00Z says when the time 0 of the trace was']},
    );
  }
  if (!isRelative && startUs !== undefined && rows > 0) {
    throw new InputError(
      'absolute-time',
      `${source}: times are not relative: the first row is of ${formatInstantUs(firstUs)}`,
      {hints: ['leave --start out']},
    );
  }
  const minUs = startUs === undefined ? EARLIEST_US : Number.NEGATIVE_INFINITY;
  return {shiftUs: startUs ?? 0, minUs, reason: timeReason};
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
