/**
 * What scripts of bpftrace print, one request a line: interceptors/bpftrace/block-requests.bt, or with command and pid
 *
 *   tracepoint:block:block_rq_issue { printf("%llu %s %d %d %s %llu %d\n",
 *     nsecs, args->comm, pid, args->dev, args->rwbs, args->sector, args->bytes); }
 *
 *   2005725112593 266338304 WSM 81003552 4096
 *   2005725112593 safe_timer 1397 266338304 WSM 81003552 4096
 *
 * ns since boot, maybe command and pid, device (major << 20 | minor), kind, first sector of 512 bytes, bytes. The
 * command may hold blanks: lines are read from the right. Flushes are `FF 0 0`. `Attaching N probes...`, `Lost N events`
 * and `@alive: NS`, which the script prints each second, are remarks; events that were lost are told. The volume is called `major,minor` unless --volume names the only device.
 * Source: the script; include/trace/events/block.h of the Linux kernel.
 */
import {
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
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const ROW = /^\d+ (?:.* \d+ )?\d+ [A-Z]+ \d+ \d+$/;
const ATTACHED = /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?$/;
const LOST = /^Lost (\d+) events$/;
const ALIVE = /^@alive: \d+$/;
/** The fields behind the command, by their places. */
const [PID, DEVICE, KIND, SECTOR, LENGTH] = [0, 1, 2, 3, 4] as const;
const FIELDS_FROM_RIGHT = LENGTH + 1;
const NS_PER_US = 1000;

export const bpftrace: TraceFormat = {
  framing: 'lines',
  summary: 'lines of bpftrace: ns [comm pid] dev rwbs sector bytes; time since boot',
  volumeFrom: 'row-or-told',
  time: 'relative',
  fits: (lines) => mostMatch(lines, ROW) || (ATTACHED.test(lines[0] ?? '') && lines.some(isRow)),
  open: (options) => new BpftraceReader(options),
};

function isRow(line: string): boolean {
  return ROW.test(line);
}

class BpftraceReader implements RowReader {
  readonly headerLines = 0;
  private readonly devices: DeviceVolumes;
  private readonly starts = new Int32Array(FIELDS_FROM_RIGHT);
  private withoutData = 0;
  private lost = 0;

  constructor(options: FormatOptions) {
    this.devices = createDeviceVolumes(options);
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const start = cursor.at;
    const end = cursor.lineEnd(start);
    const ns = cursor.takeNumber(10);
    if (Number.isNaN(ns)) return this.readOther(cursor, start, end);
    if (!this.findFields(cursor, end)) return bad(cursor, 'there are neither five nor seven fields');
    batch.atUs[row] = Math.floor(ns / NS_PER_US);
    return this.readFields(cursor, end, batch, row);
  }

  remarks(): readonly string[] {
    return [
      ...(this.lost > 0 ? [`events that bpftrace lost, which makes the sums too small: ${this.lost}`] : []),
      ...(this.withoutData > 0 ? [`requests without data, not counted: ${this.withoutData}`] : []),
      ...this.devices.remarks(),
    ];
  }

  lostEvents(): number {
    return this.lost;
  }

  /** Reads the fields of which the beginnings are known. */
  private readFields(cursor: RowCursor, end: number, batch: RequestBatch, row: number): Outcome {
    const {starts} = this;
    const hasPid = (starts[PID] ?? 0) > 0;
    const pid = hasPid ? numberBetween(cursor, starts[PID], starts[DEVICE]) : 0;
    const device = numberBetween(cursor, starts[DEVICE], starts[KIND]);
    const sector = numberBetween(cursor, starts[SECTOR], starts[LENGTH]);
    const length = numberBetween(cursor, starts[LENGTH], end + 1);
    if (Number.isNaN(pid + device + sector + length)) {
      return bad(cursor, 'pid, device, sector and bytes are not all whole numbers');
    }
    cursor.at = starts[KIND] ?? end;
    const op = takeRwbs(cursor);
    if (op === NOT_RWBS || cursor.at + 1 !== starts[SECTOR]) {
      return bad(cursor, 'the kind of the request (rwbs) is none of R, W, D, F and N');
    }
    skipLine(cursor);
    if (op === NO_DATA) {
      this.withoutData += 1;
      return OUTCOME.remark;
    }
    const volume = this.devices.find(cursor, Math.floor(device / 2 ** 20), device % 2 ** 20);
    batch.volume[row] = volume;
    batch.op[row] = length === 0 && op === OP.write ? OP.flush : op;
    batch.offsetBytes[row] = sector * SECTOR_BYTES;
    batch.lengthBytes[row] = length;
    return volume < 0 ? OUTCOME.bad : OUTCOME.row;
  }

  /** Finds where the last fields of the line begin; before the device there is nothing but the time (pid is at -1), or a pid and a command, maybe of blanks. */
  private findFields({bytes, at: timeEnd}: RowCursor, end: number): boolean {
    let fieldEnd = end;
    for (let field = FIELDS_FROM_RIGHT - 1; field >= 0; field -= 1) {
      let at = fieldEnd;
      while (at > timeEnd && bytes[at - 1] !== BYTE.space) at -= 1;
      this.starts[field] = at;
      fieldEnd = at - 1;
      if (fieldEnd > timeEnd) continue;
      this.starts[PID] = -1;
      return field === DEVICE && fieldEnd === timeEnd;
    }
    return bytes[timeEnd] === BYTE.space;
  }

  private readOther(cursor: RowCursor, start: number, end: number): Outcome {
    const text = decodeLeniently(cursor.bytes.subarray(start, end));
    const lost = LOST.exec(text)?.[1];
    if (lost === undefined && !ATTACHED.test(text) && !ALIVE.test(text))
      return bad(cursor, `not a line of the script: ${shorten(text)}`);
    this.lost += Number(lost ?? 0);
    skipLine(cursor);
    return OUTCOME.remark;
  }
}

/** The whole number that fills the bytes from `start` to one before `next`; NaN when it is none. */
function numberBetween(cursor: RowCursor, start = 0, next = 0): number {
  cursor.at = start;
  const value = cursor.takeNumber(10);
  return cursor.at + 1 === next ? value : Number.NaN;
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}
