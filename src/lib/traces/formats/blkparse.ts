/**
 * Text of `blkparse -i DEV` in its default format, fields separated by blanks,
 *
 *     8,16   5        2     0.000002207 40961  Q   R 70254592 + 256 [writer]
 *     8,16   5        1     0.000000000 40961  A   R 70254592 + 256 <- (8,17) 70254558
 *   259,0   11        6     0.025110042     0  C WFS 90112064 [0]
 *
 * device, cpu, sequence, seconds since the start, pid, action, kind (RWBS), first sector + sectors of 512 bytes, and in
 * brackets the process, for C the error. A request is logged at several stages; one action is counted: the one that
 * --action says, else the first of Q (queued), C (completed) and D (issued) that the first lines hold. Completions that
 * failed are not counted. Without sectors a kind with F is a flush. Other actions, notes, headers and the sums at the
 * end are remarks. The volume is called `major,minor` unless --volume names the only device. Source: blkparse(1).
 */
import {
  actionRemarks,
  type BlockAction,
  chooseAction,
  createDeviceVolumes,
  type DeviceVolumes,
  NO_DATA,
  NOT_RWBS,
  skipLine,
  takeRwbs,
} from '../reading/block-events.js';
import {BYTE, decodeLeniently, type RowCursor, shorten} from '../reading/row-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {timeReader} from '../reading/time-unit.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const EVENT = /^ *\d+,\d+ +\d+ +\d+ +\d+\.\d+ +\d+ +([A-Z]{1,2}|m) /;
/** Headers that people add, and the sums that blkparse prints at the end. */
const REMARK =
  /^(?:#|CPU\d+ \(|Total \(|Throughput \(|Events \(|Skips: |Input file | (?:PC )?(?:Reads?|Writes?) [A-Z]?[a-z]+: | IO unplugs: )/;
/** Letters of blkparse(1); UT has two. */
const ACTIONS = 'ABCDFGIMPQRSTUXm';
const readTime = timeReader('s');

export const blkparse: TraceFormat = {
  framing: 'lines',
  summary: 'text of blkparse in its default format; one action of each request; relative time',
  volumeFrom: 'row-or-told',
  time: 'relative',
  heeds: ['action'],
  fits: (lines) => mostMatch(lines, EVENT),
  open: (options) => new BlkparseReader(options),
};

class BlkparseReader implements RowReader {
  readonly headerLines = 0;
  private readonly action: BlockAction;
  private readonly devices: DeviceVolumes;
  private readonly seen = {Q: 0, D: 0, C: 0};
  private failed = 0;
  private withoutData = 0;

  constructor(options: FormatOptions) {
    const actions = options.firstLines.map((line) => EVENT.exec(line)?.[1] ?? '');
    this.action = chooseAction(options.readings.action, actions);
    this.devices = createDeviceVolumes(options);
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const start = cursor.at;
    cursor.skipBlanks();
    const major = cursor.takeNumber(10);
    if (Number.isNaN(major) || cursor.bytes[cursor.at] !== BYTE.comma) return readOther(cursor, start);
    cursor.at += 1;
    const minor = cursor.takeNumber(10);
    const action = takeEvent(cursor, batch, row);
    if (action === undefined) return OUTCOME.bad;
    if (Number.isNaN(minor)) return bad(cursor, 'the device is not a number, a comma and a number');
    if (action === 'Q' || action === 'D' || action === 'C') this.seen[action] += 1;
    if (action !== this.action) return passOver(cursor);
    const outcome = this.readRequest(cursor, batch, row);
    if (outcome !== OUTCOME.row) return outcome;
    const volume = this.devices.find(cursor, major, minor);
    batch.volume[row] = volume;
    return volume < 0 ? OUTCOME.bad : OUTCOME.row;
  }

  remarks(): readonly string[] {
    return [
      ...actionRemarks(this.action, this.seen),
      ...(this.failed > 0 ? [`requests that failed, not counted: ${this.failed}`] : []),
      ...(this.withoutData > 0 ? [`requests without data, not counted: ${this.withoutData}`] : []),
      ...this.devices.remarks(),
    ];
  }

  /** From the kind to the end of the line. */
  private readRequest(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    cursor.skipBlanks();
    const kindAt = cursor.at;
    const op = takeRwbs(cursor);
    if (op === NOT_RWBS) return bad(cursor, 'the kind of the request (RWBS) is none of R, W, D, F and N');
    const isFlush = cursor.bytes.subarray(kindAt, cursor.at).includes(FLUSH_LETTER);
    if (!takeSectors(cursor, batch, row)) return OUTCOME.bad;
    const error = takeBracket(cursor);
    if (error === undefined) return bad(cursor, 'the line does not end in brackets: it was cut');
    if (this.action === 'C' && error !== '0') {
      this.failed += 1;
      return OUTCOME.remark;
    }
    const hasData = (batch.lengthBytes[row] ?? 0) > 0 && op !== NO_DATA;
    if (!hasData && !isFlush) {
      this.withoutData += 1;
      return OUTCOME.remark;
    }
    batch.op[row] = hasData ? op : OP.flush;
    return OUTCOME.row;
  }
}

const FLUSH_LETTER = 70;
const OPENING = 91;
const CLOSING = 93;

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

function passOver(cursor: RowCursor): Outcome {
  skipLine(cursor);
  return OUTCOME.remark;
}

function takeNext(cursor: RowCursor): number {
  cursor.skipBlanks();
  return cursor.takeNumber(10);
}

/** Takes cpu, sequence, time, pid and action; undefined, with the cursor's reason set, when they do not stand there. */
function takeEvent(cursor: RowCursor, batch: RequestBatch, row: number): string | undefined {
  const cpu = takeNext(cursor);
  const sequence = takeNext(cursor);
  cursor.skipBlanks();
  if (Number.isNaN(cpu + sequence)) cursor.fail('cpu and sequence are not two numbers');
  else if (readTime(cursor, 'time', BYTE.space, batch.atUs, row)) {
    if (Number.isNaN(takeNext(cursor))) cursor.fail('pid is not a number');
    else return takeAction(cursor);
  }
  return undefined;
}

/** The letter of an action that is followed by a blank. */
function takeAction(cursor: RowCursor): string | undefined {
  cursor.skipBlanks();
  const {bytes, at} = cursor;
  const letter = String.fromCharCode(bytes[at] ?? 0);
  const isTimer = letter === 'U' && bytes[at + 1] === 84;
  cursor.at += isTimer ? 2 : 1;
  if (ACTIONS.includes(letter) && bytes[cursor.at] === BYTE.space) return letter;
  cursor.fail('the action is none of blkparse');
  return undefined;
}

/** Takes `sector + sectors`, or a sector alone, or nothing. */
function takeSectors(cursor: RowCursor, batch: RequestBatch, row: number): boolean {
  batch.offsetBytes[row] = 0;
  batch.lengthBytes[row] = 0;
  cursor.skipBlanks();
  if (cursor.bytes[cursor.at] === OPENING) return true;
  const sector = cursor.takeNumber(10);
  cursor.skipBlanks();
  if (Number.isNaN(sector)) return cursor.fail('the sector is not a whole number');
  batch.offsetBytes[row] = sector * SECTOR_BYTES;
  if (cursor.bytes[cursor.at] !== BYTE.plus) return true;
  cursor.at += 1;
  const sectors = takeNext(cursor);
  if (Number.isNaN(sectors)) return cursor.fail('the number of sectors is not a whole number');
  batch.lengthBytes[row] = sectors * SECTOR_BYTES;
  cursor.skipBlanks();
  return true;
}

/** What the brackets that end the line hold; the cursor moves to the next line. */
function takeBracket(cursor: RowCursor): string | undefined {
  const {bytes, at} = cursor;
  const end = cursor.lineEnd(at);
  if (bytes[at] !== OPENING || bytes[end - 1] !== CLOSING) return undefined;
  const text = bytes[at + 1] === BYTE.zero && end === at + 3 ? '0' : 'other';
  skipLine(cursor);
  return text;
}

/** A line that is no event. */
function readOther(cursor: RowCursor, start: number): Outcome {
  const text = decodeLeniently(cursor.bytes.subarray(start, cursor.lineEnd(start)));
  cursor.at = start;
  if (REMARK.test(text)) return passOver(cursor);
  return bad(cursor, `not a line of blkparse: ${shorten(text)}`);
}
