/**
 * Log of nbdkit's log filter (`nbdkit --filter=log PLUGIN logfile=FILE`), one file an nbdkit process:
 *
 *   2026-11-22 08:24:11.449055 connection=1 Connect export="" tls=0 size=0x4000000 ...
 *   2026-11-22 08:24:11.449253 connection=1 Write id=1 offset=0x2000 count=0x1000 fua=0 ...
 *   2026-11-22 08:24:11.449508 connection=1 ...Write id=1 return=0
 *   2026-11-22 08:24:11.449848 connection=1 Zero id=5 offset=0x0 count=0x1000 trim=1 fua=0 fast=0 ...
 *
 * A request is two lines, paired by (connection, id). It becomes a row when it has completed well (return=0), at the
 * time of its completion, so that a request that hangs does not make the clock run backwards; a failed one changed
 * nothing. Read, Write, Flush, Trim; Zero is a trim with trim=1, else a write. Offsets and counts are hex bytes. Times
 * are local, without zone. The volume is the export's name (quoted for the shell when it must be, newlines included),
 * else what the input is called; its size is the export's. Lines of requests and of the protocol are remarks, and so are requests that failed or
 * have only one of their lines here; those are told. Source: nbdkit-log-filter(1); recordings with nbdkit 1.32.
 */
import {BYTE, decodeLeniently, MAX_NAME_BYTES, type RowCursor, shorten} from '../reading/row-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';
import {createLocalClock, type LocalClock} from '../reading/local-clock.js';
import {decodeName} from '../reading/volume-column.js';

const LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} (?:connection=\d+ (?:\.\.\.)?[A-Z]|(?:\.\.\.)?(?:Ready|Fork|Preconnect)\b)/;
const literal = (text: string): Uint8Array => new TextEncoder().encode(text);
const SIZE = / size=0x([0-9a-f]+)/;
const SPACE = literal(' ');
const CONNECTION = literal('connection=');
const CONNECT = literal('Connect export=');
const ELLIPSIS = literal('...');
const UNFINISHED = literal(' ...');
const ID = literal(' id=');
const OFFSET = literal(' offset=0x');
const COUNT = literal(' count=0x');
const TRIM_0 = literal(' trim=0');
const TRIM_1 = literal(' trim=1');
const RETURN = literal(' return=');
const ZERO = literal('0');
const MINUS = literal('-');
const REQUESTS = [
  {name: literal('Write'), op: OP.write, hasRange: true, isZero: false},
  {name: literal('Read'), op: OP.read, hasRange: true, isZero: false},
  {name: literal('Trim'), op: OP.trim, hasRange: true, isZero: false},
  {name: literal('Zero'), op: OP.write, hasRange: true, isZero: true},
  {name: literal('Flush'), op: OP.flush, hasRange: false, isZero: false},
] as const;
/** Lines that say nothing about data begin with one of these, some after an ellipsis. */
const PROTOCOL = [
  'Ready thread_model=',
  'Fork',
  'Preconnect ',
  'ListExports ',
  'DefaultExport ',
  'Disconnect ',
  'Extents ',
  'Cache ',
].map(literal);

export const nbdkitLog: TraceFormat = {
  framing: 'lines',
  summary: 'log of nbdkit --filter=log',
  volumeFrom: 'row-or-input',
  time: 'local',
  fits: (lines) => mostMatch(lines, LINE),
  open: (options) => new NbdkitReader(options),
};

interface PendingRequest {
  readonly volume: number;
  readonly op: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

type RequestKind = (typeof REQUESTS)[number];

class NbdkitReader implements RowReader {
  readonly headerLines = 0;
  private readonly options: FormatOptions;
  private readonly clock: LocalClock;
  private readonly volumes = new Map<number, number>();
  private readonly pending = new Map<number, PendingRequest>();
  private namelessBytes: number | undefined;
  private failed = 0;
  private unpaired = 0;

  constructor(options: FormatOptions) {
    this.options = options;
    this.clock = createLocalClock(options.timeZone);
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const atUs = this.clock.take(cursor);
    if (Number.isNaN(atUs))
      return bad(cursor, 'the line does not begin with a time such as 2026-11-22 08:24:11.449055');
    if (!cursor.skip(CONNECTION)) return readProtocol(cursor);
    const connection = cursor.takeNumber(10);
    if (Number.isNaN(connection) || !cursor.skip(SPACE)) return bad(cursor, 'connection is not a number');
    if (cursor.skip(CONNECT)) return this.readConnect(cursor, connection);
    if (!cursor.skip(ELLIPSIS)) return this.readRequest(cursor, connection);
    batch.atUs[row] = atUs;
    return this.readCompletion(cursor, connection, batch, row);
  }

  remarks(): readonly string[] {
    const halves = this.unpaired + this.pending.size;
    return [
      `local times were read as ${this.options.timeZone.name}`,
      ...(this.failed > 0 ? [`requests that failed and changed nothing: ${this.failed}`] : []),
      ...(halves > 0 ? [`requests with only one of their two lines here, not counted: ${halves}`] : []),
    ];
  }

  private readConnect(cursor: RowCursor, connection: number): Outcome {
    const name = takeExport(cursor);
    if (typeof name !== 'string') return name;
    if (name === '') this.volumes.delete(connection);
    else this.volumes.set(connection, this.options.indexOfVolume(name));
    this.noteSize(cursor, name);
    return passOver(cursor);
  }

  /** The size of an export is that of its volume; of one without a name it is told with the first request. */
  private noteSize(cursor: RowCursor, name: string): void {
    const rest = decodeLeniently(cursor.bytes.subarray(cursor.at, cursor.lineEnd(cursor.at)));
    const size = Number.parseInt(SIZE.exec(rest)?.[1] ?? '', 16);
    if (!Number.isSafeInteger(size)) return;
    if (name === '') this.namelessBytes = size;
    else this.options.provisioned(this.options.indexOfVolume(name), size);
  }

  private readRequest(cursor: RowCursor, connection: number): Outcome {
    const kind = takeKind(cursor);
    if (kind === undefined) return readProtocol(cursor);
    const id = cursor.takeNumber(10);
    if (Number.isNaN(id)) return bad(cursor, 'id is not a number');
    const range = kind.hasRange ? takeRange(cursor) : {offsetBytes: 0, lengthBytes: 0};
    const op = kind.isZero ? takeZero(cursor) : kind.op;
    if (range === undefined || op === undefined || !endsUnfinished(cursor)) return OUTCOME.bad;
    const key = connection * 2 ** 32 + id;
    if (this.pending.has(key)) this.unpaired += 1;
    this.pending.set(key, {volume: this.volumeOf(connection), op, ...range});
    return passOver(cursor);
  }

  private readCompletion(cursor: RowCursor, connection: number, batch: RequestBatch, row: number): Outcome {
    if (takeKind(cursor) === undefined) return readProtocol(cursor);
    const id = cursor.takeNumber(10);
    if (Number.isNaN(id)) return bad(cursor, 'id is not a number');
    if (!cursor.skip(RETURN)) return bad(cursor, 'return= does not follow the id');
    const isDone = cursor.skip(ZERO) && cursor.lineEnd(cursor.at) === cursor.at;
    if (!isDone && !cursor.skip(MINUS)) return bad(cursor, 'return is neither 0 nor a negative number');
    const key = connection * 2 ** 32 + id;
    const request = this.pending.get(key);
    this.pending.delete(key);
    if (request === undefined) this.unpaired += 1;
    else if (!isDone) this.failed += 1;
    else {
      batch.volume[row] = request.volume;
      batch.op[row] = request.op;
      batch.offsetBytes[row] = request.offsetBytes;
      batch.lengthBytes[row] = request.lengthBytes;
    }
    passOver(cursor);
    return isDone && request !== undefined ? OUTCOME.row : OUTCOME.remark;
  }

  private volumeOf(connection: number): number {
    const known = this.volumes.get(connection);
    if (known !== undefined) return known;
    const volume = this.options.indexOfVolume(this.options.inputVolume());
    this.volumes.set(connection, volume);
    if (this.namelessBytes !== undefined) this.options.provisioned(volume, this.namelessBytes);
    return volume;
  }
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

/** Goes to the next line. */
function passOver(cursor: RowCursor): Outcome {
  cursor.at = cursor.bytes.indexOf(BYTE.newline, cursor.at) + 1;
  return OUTCOME.remark;
}

/** A line that says nothing about data, or is none of nbdkit's. */
function readProtocol(cursor: RowCursor): Outcome {
  const start = cursor.at;
  cursor.skip(ELLIPSIS);
  if (PROTOCOL.some((word) => cursor.skip(word))) return passOver(cursor);
  const text = decodeLeniently(cursor.bytes.subarray(start, cursor.lineEnd(start)));
  return bad(cursor, `not a line of nbdkit's log filter: ${shorten(text)}`);
}

/** Takes `Write id=` and the like. */
function takeKind(cursor: RowCursor): RequestKind | undefined {
  const start = cursor.at;
  for (const kind of REQUESTS) {
    if (cursor.skip(kind.name) && cursor.skip(ID)) return kind;
    cursor.at = start;
  }
  return undefined;
}

function takeRange(cursor: RowCursor): Pick<PendingRequest, 'offsetBytes' | 'lengthBytes'> | undefined {
  const offsetBytes = cursor.skip(OFFSET) ? cursor.takeNumber(16) : Number.NaN;
  if (Number.isNaN(offsetBytes)) cursor.fail('offset is not a hex number below 2^53');
  const lengthBytes = cursor.skip(COUNT) ? cursor.takeNumber(16) : Number.NaN;
  if (Number.isNaN(lengthBytes) && !Number.isNaN(offsetBytes))
    cursor.fail('count is not a hex number below 2^53');
  return Number.isNaN(offsetBytes + lengthBytes) ? undefined : {offsetBytes, lengthBytes};
}

/** Zeroes that free their blocks are trims, others are writes. */
function takeZero(cursor: RowCursor): number | undefined {
  if (cursor.skip(TRIM_1)) return OP.trim;
  if (cursor.skip(TRIM_0)) return OP.write;
  cursor.fail('the Zero says neither trim=0 nor trim=1');
  return undefined;
}

/** A request's line that was cut is not one. */
function endsUnfinished(cursor: RowCursor): boolean {
  cursor.at = Math.max(cursor.at, cursor.lineEnd(cursor.at) - UNFINISHED.length);
  return cursor.skip(UNFINISHED) || cursor.fail('the request does not end in " ..."');
}

/** Takes the name of an export: bare, or in double quotes with a backslash before special characters. */
function takeExport(cursor: RowCursor): string | Outcome {
  const {bytes, end} = cursor;
  const isQuoted = bytes[cursor.at] === BYTE.quote;
  const start = isQuoted ? cursor.at + 1 : cursor.at;
  const limit = start + MAX_NAME_BYTES;
  const at = isQuoted ? closingQuote(cursor, start, limit) : bareEnd(cursor, start);
  if (isQuoted && at >= end && at < limit && !cursor.isLast) return OUTCOME.more;
  if (at >= end || at >= limit) return bad(cursor, `export does not end within ${MAX_NAME_BYTES} bytes`);
  const raw = bytes.subarray(start, at);
  cursor.at = isQuoted ? at + 1 : at;
  return readExport(cursor, raw, isQuoted);
}

function readExport(cursor: RowCursor, raw: Uint8Array, isQuoted: boolean): string | Outcome {
  const {name, fault = ''} = decodeName(raw);
  if (name === undefined) return bad(cursor, `export ${fault}`);
  for (const byte of raw) if (byte === BYTE.newline) cursor.extraLines += 1;
  return isQuoted ? name.replace(/\\(.)/gs, '$1') : name;
}

function closingQuote({bytes, end}: RowCursor, start: number, limit: number): number {
  let at = start;
  while (at < Math.min(end, limit) && bytes[at] !== BYTE.quote) at += bytes[at] === BYTE.backslash ? 2 : 1;
  return at;
}

function bareEnd({bytes}: RowCursor, start: number): number {
  let at = start;
  while (bytes[at] !== BYTE.space && bytes[at] !== BYTE.newline) at += 1;
  return at;
}
