/**
 * Latency logs of fio with offsets (`--write_lat_log=NAME --log_offset=1`), NAME_lat.N.log, or _clat or _slat: one
 * request a line, at its completion,
 *
 *   0, 134929, 0, 4096, 49676288, 0
 *
 * ms since the start of the run, latency in ns, direction (0 read, 1 write, 2 trim), bytes, offset in bytes, and, since
 * fio 3.17, priority, which later ones follow with the time of issue. The three logs of a run hold the same requests:
 * take one. Logs without offsets, and those of --log_avg_msec, whose rows are means, are refused with the reason. The
 * volume is what the input is called. Source: fio(1) "LOG FILE FORMATS"; iolog.c of fio.
 */
import {InputError} from '../../core/index.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {BYTE, type RowCursor} from '../reading/row-cursor.js';
import {timeReader} from '../reading/time-unit.js';
import {mostMatch, OUTCOME, type Outcome, type TraceFormat} from '../reading/trace-format.js';

/** Time, latency, direction, length, and what follows. */
const LOG = /^\d+, \d+, [012], (\d+)((?:, (?:0x[\da-f]+|\d+)){0,3})$/;
const OPS = [OP.read, OP.write, OP.trim] as const;
const SMALLEST_OFFSET = 512;
const unused = new Float64Array(1);

export const fioLat: TraceFormat = {
  framing: 'lines',
  summary: 'latency log of fio with offsets: ms, ns, direction, bytes, offset, priority; relative time',
  volumeFrom: 'input',
  time: 'relative',
  heeds: ['timeUnit'],
  fits: (lines) => mostMatch(lines, LOG),
  open: ({indexOfVolume, inputVolume, firstLines, source, readings}) => {
    const missing = whatIsMissing(firstLines);
    if (missing !== undefined) throw refusal(source, missing);
    const volume = indexOfVolume(inputVolume());
    const readTime = timeReader(readings.timeUnit ?? 'ms');
    const direction = new Float64Array(1);
    return {
      headerLines: 0,
      read: (cursor, batch, row) => {
        batch.volume[row] = volume;
        const isRequest =
          readTime(cursor, 'time', BYTE.comma, batch.atUs, row) &&
          readNext(cursor, 'latency', unused, 0) &&
          readNext(cursor, 'direction', direction, 0) &&
          readNext(cursor, 'block size', batch.lengthBytes, row);
        return isRequest ? finishRow(cursor, direction[0] ?? 0, batch, row) : OUTCOME.bad;
      },
      remarks: () => ['the lat, clat and slat logs of a run hold the same requests: take one of them'],
    };
  },
};

function readNext(cursor: RowCursor, field: string, column: Float64Array, row: number): boolean {
  cursor.skipBlanks();
  return cursor.readWhole(field, BYTE.comma, column, row);
}

/** From the offset, which may end the line, on. */
function finishRow(cursor: RowCursor, direction: number, batch: RequestBatch, row: number): Outcome {
  const op = OPS[direction];
  cursor.skipBlanks();
  const offset = cursor.takeNumber(10);
  if (op === undefined) cursor.fail(`direction is not 0, 1 or 2: ${direction}`);
  else if (Number.isNaN(offset)) cursor.fail('offset is not a whole number below 2^53');
  else if (!takeRest(cursor))
    cursor.fail('what follows the offset is not a priority and maybe a time of issue');
  else {
    batch.op[row] = op;
    batch.offsetBytes[row] = offset;
    return OUTCOME.row;
  }
  return OUTCOME.bad;
}

/** At most two more numbers, and the end of the line. */
function takeRest(cursor: RowCursor): boolean {
  for (let left = 2; left > 0 && cursor.bytes[cursor.at] === BYTE.comma; left -= 1) {
    cursor.at += 1;
    cursor.skipBlanks();
    if (Number.isNaN(takeAny(cursor))) return false;
  }
  return cursor.endsField(cursor.at, BYTE.newline);
}

/** A decimal number, or a hex one with 0x. */
function takeAny(cursor: RowCursor): number {
  const value = cursor.takeNumber(10);
  if (value !== 0 || cursor.bytes[cursor.at] !== LETTER_X) return value;
  cursor.at += 1;
  return cursor.takeNumber(16);
}

const LETTER_X = 120;

/** What the first rows lack; undefined when they are requests with offsets. */
function whatIsMissing(lines: readonly string[]): string | undefined {
  const rows = lines.flatMap((line) => {
    const [, length, rest] = LOG.exec(line) ?? [];
    return length === undefined ? [] : [{length: Number(length), rest: rest?.split(', ').slice(1) ?? []}];
  });
  if (rows.length === 0) return undefined;
  if (rows.every(({length}) => length === 0)) {
    return 'its rows are means of --log_avg_msec, not single requests';
  }
  const hasOffset = rows.some(
    ({rest}) => rest.length > 1 || (rest.length === 1 && Number(rest[0]) >= SMALLEST_OFFSET),
  );
  return hasOffset ? undefined : 'it has no offsets, so that nothing can be told about new blocks';
}

function refusal(source: string, missing: string): InputError {
  return new InputError('refused-format', `${source} cannot be used: a latency log of fio: ${missing}`, {
    hints: ['record with --log_offset=1 and without --log_avg_msec, or with --write_iolog=FILE'],
  });
}
