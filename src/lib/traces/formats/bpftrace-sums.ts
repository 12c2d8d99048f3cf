/**
 * What interceptors/bpftrace/block-sums.bt prints each second: sums since it began, by device and op.
 *
 *   sums since 16039174661871
 *   at 16042185447010
 *   @reads[7340032]: count 133, average 8, total 1064
 *   @writes[7340032]: count 124, average 8, total 992
 *
 * ns since boot; reads, writes or trims; device (major << 20 | minor); requests, and sectors of 512 bytes. A row is what was added since
 * the block before, booked at the block's time. Sums only grow until `sums since` begins them anew; a log without its
 * beginning counts from its first block. Which blocks were written is not told: there is no footprint. Source: the
 * script; print() of a map of stats() in the manual of bpftrace.
 */
import {createDeviceVolumes, type DeviceVolumes} from '../reading/block-events.js';
import {type IntervalSums, putInterval, type RequestBatch} from '../reading/request-batch.js';
import {type RowCursor, shorten} from '../reading/row-cursor.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {takeLine, wholeOf} from '../reading/text-line.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const BEGIN = /^sums since (\d+)$/;
const BLOCK = /^at (\d+)$/;
const SUM = /^@(reads|writes|trims)\[(\d+)\]: count (\d+), average \d+, total (\d+)$/;
const ATTACHED = /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?$/;
const ANY = new RegExp([BEGIN, BLOCK, SUM, ATTACHED].map(({source}) => source).join('|'));
const NS_PER_US = 1000;

export const bpftraceSums: TraceFormat = {
  framing: 'lines',
  summary: 'sums each second by device and op, of block-sums.bt of bpftrace; time since boot; no footprint',
  volumeFrom: 'row-or-told',
  time: 'relative',
  fits: (lines) => mostMatch(lines, ANY) && lines.some((line) => BEGIN.test(line) || SUM.test(line)),
  open: (options) => new SumsReader(options),
};

interface Sum {
  readonly count: number;
  readonly sectors: number;
}

const NOTHING: Sum = {count: 0, sectors: 0};

class SumsReader implements RowReader {
  readonly headerLines = 0;
  private readonly devices: DeviceVolumes;
  /** The sums of the block before, by device and op. */
  private readonly sums = new Map<string, Sum>();
  private blockUs = Number.NaN;
  private blocks = 0;
  /** Whether the log tells where its sums begin. */
  private hasBegin = false;
  private isCut = false;

  constructor(options: FormatOptions) {
    this.devices = createDeviceVolumes(options);
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const text = takeLine(cursor);
    const [, op = '', device, count, total] = SUM.exec(text) ?? [];
    if (device === undefined) return this.readOther(cursor, text);
    const sum = {count: wholeOf(count), sectors: wholeOf(total)};
    if (Number.isNaN(sum.count + sum.sectors)) return bad(cursor, 'count or total is larger than 2^53 - 1');
    if (Number.isNaN(this.blockUs)) return bad(cursor, 'no line before it tells its time ("at NS")');
    const added = this.takeAdded(`${op} ${device}`, sum);
    if (added === undefined) return bad(cursor, 'the sums are smaller than a second before');
    const number = wholeOf(device);
    const volume = this.devices.find(cursor, Math.floor(number / 2 ** 20), number % 2 ** 20);
    if (volume < 0) return OUTCOME.bad;
    batch.volume[row] = volume;
    batch.atUs[row] = this.blockUs;
    putInterval(batch, row, intervalOf(op, added));
    return OUTCOME.row;
  }

  remarks(): readonly string[] {
    return [
      'sums of a second: no footprint, because nothing tells which blocks were written',
      ...(this.isCut
        ? ['the log does not tell where its sums begin: what is before its second block is not counted']
        : []),
      ...this.devices.remarks(),
    ];
  }

  /** What came since the block before; undefined when the sums fell. */
  private takeAdded(key: string, sum: Sum): Sum | undefined {
    // In the first block of a log without its beginning all is from before.
    const isFromBefore = !this.hasBegin && this.blocks <= 1;
    this.isCut ||= isFromBefore;
    const before = this.sums.get(key) ?? (isFromBefore ? sum : NOTHING);
    const added = {count: sum.count - before.count, sectors: sum.sectors - before.sectors};
    if (added.count < 0 || added.sectors < 0) return undefined;
    this.sums.set(key, sum);
    return added;
  }

  private readOther(cursor: RowCursor, text: string): Outcome {
    const begin = BEGIN.test(text);
    if (begin) {
      this.sums.clear();
      this.hasBegin = true;
    }
    const at = BLOCK.exec(text)?.[1];
    if (at !== undefined) {
      this.blockUs = Math.floor(wholeOf(at) / NS_PER_US);
      this.blocks += 1;
    }
    return begin || at !== undefined || ATTACHED.test(text)
      ? OUTCOME.remark
      : bad(cursor, `not a line of the script: ${shorten(text)}`);
  }
}

function intervalOf(op: string, {count, sectors}: Sum): IntervalSums {
  const bytes = sectors * SECTOR_BYTES;
  return {
    reads: op === 'reads' ? count : 0,
    writes: op === 'writes' ? count : 0,
    trims: op === 'trims' ? count : 0,
    readBytes: op === 'reads' ? bytes : 0,
    writeBytes: op === 'writes' ? bytes : 0,
    usedBytes: Number.NaN,
  };
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}
