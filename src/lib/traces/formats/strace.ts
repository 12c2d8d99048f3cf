/**
 * System calls as strace logs them (`strace -f -y -ttt -o FILE`, best with -e trace=pread64,pwrite64,fallocate,fsync):
 *
 *   27283 1795335904.497916 pwrite64(6</dev/vda>, "..."..., 4096, 53989376) = 4096 <0.000007>
 *   27283 1795335904.497990 pread64(6</dev/vda>,  <unfinished ...>
 *   27283 1795335904.498120 <... pread64 resumed>"..."..., 4096, 0) = 4096 <0.000130>
 *
 * process (only with -f), seconds since 1970, call, returned value: the bytes that were really read or written. Requests
 * are pread64, pwrite64, preadv, pwritev (and their version 2), fallocate (a trim when it punches a hole), fsync and
 * fdatasync; the data in quotes may hold anything, so lines are read from the right. A call that was interrupted in the
 * log counts at the time of its second half. Failed calls, other calls and signals are remarks, and failed ones are
 * told. The volume is the path with -y, else `fd-6`. Source: strace(1); recordings with strace 6.1.
 */
import {InputError} from '../../core/index.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {type RowCursor, shorten} from '../reading/row-cursor.js';
import {faultOfName, secondsAsUs, takeLine, wholeOf} from '../reading/text-line.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const PREFIX = /^(?:(\d+) +|\[pid +(\d+)\] )?(\d{9,10}\.\d+) (.*)$/s;
const CALL = /^[a-z_]\w*\(/;
const LINE = /^(?:\d+ +|\[pid +\d+\] )?\d{9,10}\.\d+ (?:[a-z_]\w*\(|<\.\.\. |[-+]{3} )/;
const CLOCK_TIME = /^(?:\d+ +|\[pid +\d+\] )?\d\d:\d\d:\d\d(?:\.\d+)? [a-z_]\w*\(/;
const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^<\.\.\. \w+ resumed>(.*)$/s;
const NOTE = /^(?:\+\+\+ .* \+\+\+|--- .* ---)$/;
const RETURNED = /^(-?\d+|\?)(?: E[A-Z0-9]+ \(.*\)| \(.*\))?(?: <(?:\d+\.\d+|unavailable)>)?$/;
/** Path, and with -yy what kind of device it is. */
const DESCRIPTOR = /^\w+\((\d+)(?:<(.*?)(?:<(?:block|char) [\d:]+>)?>(?:\(deleted\))?)?[,)]/s;
/** The last arguments of each call. */
const TRAILING: Readonly<Record<string, RegExp>> = {
  pread64: /, \d+, (\d+)\)$/,
  pwrite64: /, \d+, (\d+)\)$/,
  preadv: /, \d+, (\d+)\)$/,
  pwritev: /, \d+, (\d+)\)$/,
  preadv2: /, \d+, (\d+), [\w|]+\)$/,
  pwritev2: /, \d+, (\d+), [\w|]+\)$/,
  fallocate: /, ([\w|]+), (\d+), (\d+)\)$/,
};
const FLUSHES = new Set(['fsync', 'fdatasync']);
const FALLOCATE = 'fallocate';

export const strace: TraceFormat = {
  framing: 'lines',
  summary: 'log of strace -ttt (-f, -y): pread64, pwrite64, fallocate, fsync',
  volumeFrom: 'row',
  time: 'epoch',
  fits: (lines) => mostMatch(lines, LINE) || mostMatch(lines, CLOCK_TIME),
  open: (options) => {
    if (mostMatch(options.firstLines, CLOCK_TIME)) throw withoutDate(options.source);
    return new StraceReader(options);
  },
};

class StraceReader implements RowReader {
  readonly headerLines = 0;
  private readonly indexOfVolume: FormatOptions['indexOfVolume'];
  /** The first half of each process's call. */
  private readonly pending = new Map<string, string>();
  private failed = 0;
  private unpaired = 0;
  private isByDescriptor = false;

  constructor({indexOfVolume}: FormatOptions) {
    this.indexOfVolume = indexOfVolume;
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const text = takeLine(cursor);
    const [, pid, otherPid, seconds, event = ''] = PREFIX.exec(text) ?? [];
    if (seconds === undefined)
      return bad(cursor, 'the line does not begin with seconds since 1970 (strace -ttt)');
    batch.atUs[row] = secondsAsUs(seconds);
    const process = pid ?? otherPid ?? '';
    if (NOTE.test(event)) return OUTCOME.remark;
    if (event.endsWith(UNFINISHED)) return this.hold(process, event);
    const resumed = RESUMED.exec(event)?.[1];
    if (resumed === undefined) return this.readCall(event, cursor, batch, row);
    const begun = this.pending.get(process);
    this.pending.delete(process);
    if (begun !== undefined) return this.readCall(begun + resumed, cursor, batch, row);
    this.unpaired += 1;
    return OUTCOME.remark;
  }

  remarks(): readonly string[] {
    const halves = this.unpaired + this.pending.size;
    return [
      ...(this.isByDescriptor
        ? ['volumes are called by their descriptors, which processes may share: strace -y logs paths']
        : []),
      ...(this.failed > 0 ? [`calls that failed, not counted: ${this.failed}`] : []),
      ...(halves > 0 ? [`calls with only one of their two lines here, not counted: ${halves}`] : []),
    ];
  }

  private hold(process: string, event: string): Outcome {
    if (this.pending.has(process)) this.unpaired += 1;
    this.pending.set(process, event.slice(0, -UNFINISHED.length));
    return OUTCOME.remark;
  }

  private readCall(event: string, cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const equals = event.lastIndexOf(' = ');
    const returned = RETURNED.exec(event.slice(equals + 3).trim())?.[1];
    const call = event.slice(0, Math.max(0, equals)).trimEnd();
    if (!CALL.test(event)) return bad(cursor, `not a call, a signal or an exit: ${shorten(event)}`);
    const name = event.slice(0, event.indexOf('('));
    if (!FLUSHES.has(name) && TRAILING[name] === undefined) return OUTCOME.remark;
    if (equals < 0 || returned === undefined)
      return bad(cursor, 'the call does not end in "= " and what it returned');
    if (returned === '?' || returned.startsWith('-')) {
      this.failed += 1;
      return OUTCOME.remark;
    }
    return this.readRequest(name, call, Number(returned), {cursor, batch, row});
  }

  private readRequest(name: string, call: string, returned: number, place: Place): Outcome {
    const {cursor, batch, row} = place;
    const request = FLUSHES.has(name)
      ? {op: OP.flush, offsetBytes: 0, lengthBytes: 0}
      : requestOf(name, call, returned);
    if (request === undefined) return OUTCOME.remark;
    const [, descriptor, path] = DESCRIPTOR.exec(call) ?? [];
    const volume = path === undefined ? `fd-${descriptor ?? ''}` : unescaped(path);
    if (path === undefined) this.isByDescriptor = true;
    const fault = descriptor === undefined ? 'is not a descriptor' : faultOfName(volume);
    if (fault !== undefined) return bad(cursor, `the first argument ${fault}`);
    if (Number.isNaN(request.offsetBytes + request.lengthBytes)) {
      return bad(cursor, 'the last arguments are not whole numbers below 2^53');
    }
    batch.volume[row] = this.indexOfVolume(volume);
    batch.op[row] = request.op;
    batch.offsetBytes[row] = request.offsetBytes;
    batch.lengthBytes[row] = request.lengthBytes;
    return OUTCOME.row;
  }
}

interface Place {
  readonly cursor: RowCursor;
  readonly batch: RequestBatch;
  readonly row: number;
}

interface StraceRequest {
  readonly op: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What a call does to its file; undefined for an allocation. NaN where its last arguments cannot be read. */
function requestOf(name: string, call: string, returned: number): StraceRequest | undefined {
  const [, first, offset, length] = TRAILING[name]?.exec(call) ?? [];
  if (name !== FALLOCATE) {
    const op = name.startsWith('pread') ? OP.read : OP.write;
    return {op, offsetBytes: wholeOf(first), lengthBytes: returned};
  }
  const isTrim = first === undefined || first.includes('FALLOC_FL_PUNCH_HOLE');
  return isTrim ? {op: OP.trim, offsetBytes: wholeOf(offset), lengthBytes: wholeOf(length)} : undefined;
}

/** A path as strace -y prints it: bytes other than printable ASCII as octal escapes. */
function unescaped(path: string): string {
  if (!path.includes('\\')) return path;
  const codes: Readonly<Record<string, number>> = {n: 10, t: 9, r: 13, v: 11, f: 12};
  const bytes: number[] = [];
  for (const [, octal, letter, plain] of path.matchAll(/\\([0-7]{1,3})|\\(.)|([^\\]+|\\$)/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) % 256);
    else
      bytes.push(
        ...(letter === undefined ? Buffer.from(plain ?? '') : [codes[letter] ?? letter.charCodeAt(0)]),
      );
  }
  return Buffer.from(bytes).toString('utf8');
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

function withoutDate(source: string): InputError {
  return new InputError('no-date', `${source}: the times have no date, as those of strace -t and -tt`, {
    hints: ['record with strace -ttt, which logs seconds since 1970'],
  });
}
