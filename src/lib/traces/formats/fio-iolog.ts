/**
 * I/O logs of fio (`--write_iolog=FILE`), versions 2 and 3, told by the first line:
 *
 *   fio version 2 iolog                fio version 3 iolog
 *   f.img add                          23 f.img add
 *   f.img open                         730 f.img open
 *   f.img wait 1000 0                  737 f.img read 4046848 65536
 *   f.img write 49676288 53248         3320842 f.img close
 *
 * name of the file (the volume; it may hold blanks), action, and for read, write, trim, sync and datasync offset and
 * length in bytes. Version 3 begins each line with a time, us since the start of the run, as its writer has it. Version
 * 2 has time in `wait` alone, and is in doubt: the manual says us since the wait before, the code waits until ms since
 * the start of the run. --time-unit us or ms says which reading holds; without any wait it has no time and is refused.
 * Sources: fio(1) "TRACE FILE FORMAT"; iolog.c of fio.
 */
import {InputError, UsageError} from '../../core/index.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {type RowCursor, shorten} from '../reading/row-cursor.js';
import {faultOfName, takeLine, wholeOf} from '../reading/text-line.js';
import type {TimeUnit} from '../reading/time-unit.js';
import {
  type FormatOptions,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const HEADER = /^fio version ([23]) iolog$/;
const WAIT = / wait \d+ \d+$/;
const LINE = /^(?:(.*) (read|write|trim|sync|datasync|wait) (\S+) (\S+)|(.*) (add|open|close))$/s;
const OPS: ReadonlyMap<string, number> = new Map([
  ['read', OP.read],
  ['write', OP.write],
  ['trim', OP.trim],
  ['sync', OP.flush],
  ['datasync', OP.flush],
]);

export const fioIolog: TraceFormat = {
  framing: 'lines',
  summary: 'I/O log of fio (--write_iolog), versions 2 and 3; relative time',
  volumeFrom: 'row',
  time: 'relative',
  heeds: ['timeUnit'],
  fits: (lines) => HEADER.test(lines[0] ?? ''),
  open: (options) => {
    const version = HEADER.exec(options.firstLines[0] ?? '')?.[1];
    if (version === undefined) throw wrongHeader(options);
    return new IologReader(options, version === '3' ? createVersion3(options) : createVersion2(options));
  },
};

/** Where the time of a row is. */
interface IologTime {
  /** Takes the time off the beginning of a line: the rest, or undefined when it does not stand there. */
  take(text: string): string | undefined;
  wait(value: number): void;
  /** Of the line taken last. */
  nowUs(): number;
  readonly remark: string;
}

class IologReader implements RowReader {
  readonly headerLines = 1;
  private readonly indexOfVolume: FormatOptions['indexOfVolume'];
  private readonly time: IologTime;

  constructor({indexOfVolume}: FormatOptions, time: IologTime) {
    this.indexOfVolume = indexOfVolume;
    this.time = time;
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const text = takeLine(cursor);
    const rest = this.time.take(text);
    if (rest === undefined) return bad(cursor, `the line does not begin with a time in us: ${shorten(text)}`);
    const [, name, action, first, second, otherName] = LINE.exec(rest) ?? [];
    if (name === undefined || action === undefined) {
      return otherName === undefined ? bad(cursor, `not an action of fio: ${shorten(rest)}`) : OUTCOME.remark;
    }
    const [offset, length] = [wholeOf(first), wholeOf(second)];
    if (Number.isNaN(offset + length))
      return bad(cursor, 'offset and length are not whole numbers below 2^53');
    const op = OPS.get(action);
    if (op === undefined) {
      this.time.wait(offset);
      return OUTCOME.remark;
    }
    const fault = faultOfName(name);
    if (fault !== undefined) return bad(cursor, `the name of the file ${fault}`);
    batch.volume[row] = this.indexOfVolume(name);
    batch.atUs[row] = this.time.nowUs();
    batch.op[row] = op;
    batch.offsetBytes[row] = offset;
    batch.lengthBytes[row] = length;
    return OUTCOME.row;
  }

  remarks(): readonly string[] {
    return [this.time.remark];
  }
}

const US_PER: Readonly<Record<Exclude<TimeUnit, 'filetime'>, number>> = {
  s: 1_000_000,
  ms: 1000,
  us: 1,
  ns: 0.001,
};

function createVersion3({readings: {timeUnit = 'us'}}: FormatOptions): IologTime {
  if (timeUnit === 'filetime') throw badUnit('fio does not write FILETIME', '--time-unit us');
  let nowUs = 0;
  return {
    take: (text) => {
      const [, time, rest] = /^(\d+) (.*)$/s.exec(text) ?? [];
      nowUs = Math.floor(wholeOf(time) * US_PER[timeUnit]);
      return Number.isNaN(nowUs) ? undefined : rest;
    },
    wait: () => undefined,
    nowUs: () => nowUs,
    remark: `times are read as ${timeUnit} since the start of the run`,
  };
}

function createVersion2({readings: {timeUnit}, firstLines, source}: FormatOptions): IologTime {
  if (!firstLines.some((line) => WAIT.test(line))) throw withoutTime(source);
  if (timeUnit === undefined) throw doubtfulWait(source);
  if (timeUnit !== 'us' && timeUnit !== 'ms') {
    throw badUnit('a wait of a fio version 2 iolog is in us or in ms', '--time-unit us');
  }
  let nowUs = 0;
  return {
    take: (text) => text,
    wait: (value) => {
      nowUs = timeUnit === 'us' ? nowUs + value : Math.max(nowUs, value * 1000);
    },
    nowUs: () => nowUs,
    remark:
      timeUnit === 'us'
        ? 'waits are read as us since the wait before (the manual)'
        : 'waits are read as ms since the start of the run (the code)',
  };
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

function wrongHeader({source, firstLines}: FormatOptions): InputError {
  return new InputError(
    'wrong-header',
    `${source}:1: the first line is not "fio version 2 iolog" or "fio version 3 iolog": ${shorten(firstLines[0] ?? '')}`,
    {hints: ['version 1 has no time: record again with a fio of today, which writes version 3']},
  );
}

function withoutTime(source: string): InputError {
  return new InputError(
    'refused-format',
    `${source} cannot be used: a fio version 2 iolog has time only in its waits, and its first lines hold none`,
    {hints: ['record again with fio 3.31 or newer, which writes version 3 with times']},
  );
}

function doubtfulWait(source: string): InputError {
  return new InputError(
    'ambiguous-time',
    `${source}: the waits of a fio version 2 iolog are in doubt: the manual says us since the wait before, the code of fio takes them as ms since the start of the run`,
    {hints: ['--time-unit us is the reading of the manual', '--time-unit ms is that of the code']},
  );
}

function badUnit(reason: string, hint: string): UsageError {
  return new UsageError('bad-flag-value', `--time-unit does not apply: ${reason}`, {hints: [hint]});
}
