/**
 * Output of biosnoop of bcc, a table under a header that names its columns,
 *
 *   TIME(s)     COMM           PID    DISK    T SECTOR     BYTES  QUE(ms) LAT(ms)
 *   0.000771    sync           22177  nvme1n1 W 41963894   3072      0.11    0.47
 *
 * seconds since the first request, command (may hold blanks: rows are read from the right, by the header), process,
 * disk, R or W, first sector of 512 bytes, bytes; P (pattern) and QUE(ms) only with options. A request stands at its
 * completion. Several tables may follow each other, each with its header. Lines that do not begin with a time are
 * remarks, and how many is told. The volume is the disk. Source: tools/biosnoop.py of iovisor/bcc.
 */
import {OP, type RequestBatch} from '../reading/request-batch.js';
import type {RowCursor} from '../reading/row-cursor.js';
import {faultOfName, secondsAsUs, takeLine, wholeOf} from '../reading/text-line.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {
  type FormatOptions,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const HEADER = /^TIME\(s\)\s+COMM\s+PID\s+DISK\s+T\s+SECTOR\s+BYTES\s(?:.*\s)?LAT\(ms\)\s*$/;
const BEGINS_WITH_TIME = /^\d+\.\d+\s/;
const OPS: ReadonlyMap<string | undefined, number> = new Map([
  ['R', OP.read],
  ['W', OP.write],
  ['D', OP.trim],
]);

export const biosnoop: TraceFormat = {
  framing: 'lines',
  summary: 'table of biosnoop (bcc); relative time',
  volumeFrom: 'row',
  time: 'relative',
  fits: (lines) => lines.some((line) => HEADER.test(line)),
  open: (options) => new BiosnoopReader(options),
};

class BiosnoopReader implements RowReader {
  readonly headerLines = 0;
  private readonly indexOfVolume: FormatOptions['indexOfVolume'];
  /** How many columns stand behind the command; 0 before there is a header. */
  private columns = 0;
  private others = 0;

  constructor({indexOfVolume}: FormatOptions) {
    this.indexOfVolume = indexOfVolume;
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const text = takeLine(cursor);
    if (text.trim() === '') return OUTCOME.bad;
    if (HEADER.test(text)) {
      this.columns = text.trim().split(/\s+/).length - 2;
      return OUTCOME.remark;
    }
    if (!BEGINS_WITH_TIME.test(text)) {
      this.others += 1;
      return OUTCOME.remark;
    }
    const fault = this.columns === 0 ? 'no header stands before the row' : this.readRow(text, batch, row);
    if (fault !== undefined) cursor.fail(fault);
    return fault === undefined ? OUTCOME.row : OUTCOME.bad;
  }

  remarks(): readonly string[] {
    return this.others > 0 ? [`lines outside of the tables, passed over: ${this.others}`] : [];
  }

  /** Why the row cannot be used, or undefined. */
  private readRow(text: string, batch: RequestBatch, row: number): string | undefined {
    const fields = text.trim().split(/\s+/);
    if (fields.length < this.columns + 2) return `there are fewer than ${this.columns + 2} fields`;
    const [pid, disk = '', kind, sector, bytes, ...rest] = fields.slice(-this.columns);
    const op = OPS.get(kind);
    if (op === undefined) return `T is not R, W or D: ${JSON.stringify(kind)}`;
    const [first, length] = [wholeOf(sector), wholeOf(bytes)];
    if (Number.isNaN(wholeOf(pid) + first + length)) return 'PID, SECTOR and BYTES are not all whole numbers';
    if (!/^\d+\.\d+$/.test(rest.at(-1) ?? '')) return 'LAT(ms) is not a number with a fraction';
    const fault = faultOfName(disk);
    if (fault !== undefined) return `DISK ${fault}`;
    batch.volume[row] = this.indexOfVolume(disk);
    batch.atUs[row] = secondsAsUs(fields[0]);
    batch.op[row] = op;
    batch.offsetBytes[row] = first * SECTOR_BYTES;
    batch.lengthBytes[row] = length;
    return undefined;
  }
}
