/**
 * Raw traces of the Linux block layer (`blktrace -d DEV`), one file a CPU, NAME.blktrace.N: binary records in the byte
 * order of the machine, 48 bytes and pdu_len more,
 *
 *    0 u32 magic 0x65617407   4 u32 sequence   8 u64 time, ns   16 u64 sector   24 u32 bytes
 *   28 u32 action            32 u32 pid       36 u32 device    40 u32 cpu      44 u16 error   46 u16 pdu_len
 *
 * action: type in the low 16 bits, category bits in the high ones. A request is logged at several stages; one action is
 * counted, Q (queued) unless --action says D (issued) or C (completed, without those that failed). Sectors are of 512
 * bytes; device is major << 20 | minor, and the volume is called `major,minor`. Discards are trims. Other stages and
 * notes (process names, messages) are remarks. Times are since boot. A record begins at its magic and holds no other:
 * where one is damaged, reading goes on at the next. Source: blktrace_api.h of the Linux kernel.
 */
import {type BlockAction, DEFAULT_ACTION, deviceName, missingAction} from '../reading/block-events.js';
import {type RecordCursor, uint64At} from '../reading/record-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {
  type FormatOptions,
  OUTCOME,
  type Outcome,
  type RecordReader,
  type TraceFormat,
} from '../reading/trace-format.js';

const MAGIC = 0x6561_7407;
const MAGIC_SWAPPED = 0x0774_6165;
const MAGIC_BYTES = 4;
const HEADER_BYTES = 48;
/** Types of actions, without the bit that says that a cgroup is named in the payload. */
const TYPE_MASK = 0xff;
const ACTIONS: ReadonlyMap<number, BlockAction> = new Map([
  [1, 'Q'],
  [7, 'D'],
  [8, 'C'],
]);
/** Category bits. */
const READ = 1 << 16;
const WRITE = 1 << 17;
const FLUSH = 1 << 18;
const NOTIFY = 1 << 26;
const DISCARD = 1 << 29;

export const blktrace: TraceFormat = {
  framing: 'records',
  summary: 'raw blktrace files of the Linux block layer, binary; time since boot',
  volumeFrom: 'row',
  time: 'epoch-or-relative',
  heeds: ['action'],
  fits: (firstBytes) => countMagics(firstBytes, true) + countMagics(firstBytes, false) > 0,
  open: (options) => new BlktraceReader(options),
};

class BlktraceReader implements RecordReader {
  readonly headerBytes = HEADER_BYTES;
  readonly resync;
  private readonly isLittleEndian: boolean;
  private readonly action: BlockAction;
  private readonly indexOfVolume: FormatOptions['indexOfVolume'];
  private readonly volumes = new Map<number, number>();
  private readonly seen = {Q: 0, D: 0, C: 0};
  private failed = 0;

  constructor({firstBytes, readings, indexOfVolume}: FormatOptions) {
    const isLittleEndian = countMagics(firstBytes, true) >= countMagics(firstBytes, false);
    this.isLittleEndian = isLittleEndian;
    this.action = readings.action ?? DEFAULT_ACTION;
    this.indexOfVolume = indexOfVolume;
    this.resync = {
      markBytes: MAGIC_BYTES,
      nextStart: (bytes: Uint8Array, from: number, end: number) =>
        findMagic(bytes, from, end, isLittleEndian),
    };
  }

  sizeAt(view: DataView, at: number): number {
    if (view.getUint32(at, this.isLittleEndian) !== MAGIC) return 0;
    return HEADER_BYTES + view.getUint16(at + 46, this.isLittleEndian);
  }

  read(cursor: RecordCursor, batch: RequestBatch, row: number): Outcome {
    const {view, start, end, limit} = cursor;
    const magicEnd = Math.min(end + MAGIC_BYTES - 1, limit);
    const inner = findMagic(cursor.bytes, start + MAGIC_BYTES, magicEnd, this.isLittleEndian);
    if (inner >= 0) {
      cursor.end = inner;
      cursor.fail(`another record begins ${inner - start} bytes into it`);
      return OUTCOME.bad;
    }
    const action = view.getUint32(start + 28, this.isLittleEndian);
    const stage = (action & NOTIFY) === 0 ? ACTIONS.get(action & TYPE_MASK) : undefined;
    if (stage === undefined) return OUTCOME.remark;
    this.seen[stage] += 1;
    return stage === this.action ? this.readRequest(action, cursor, batch, row) : OUTCOME.remark;
  }

  remarks(): readonly string[] {
    const missing = missingAction(this.action, this.seen);
    return [
      ...(missing === undefined ? [] : [missing]),
      ...(this.failed > 0 ? [`requests that failed, not counted: ${this.failed}`] : []),
    ];
  }

  private readRequest(
    action: number,
    {view, start}: RecordCursor,
    batch: RequestBatch,
    row: number,
  ): Outcome {
    const {isLittleEndian} = this;
    if (this.action === 'C' && view.getUint16(start + 44, isLittleEndian) !== 0) {
      this.failed += 1;
      return OUTCOME.remark;
    }
    const bytes = view.getUint32(start + 24, isLittleEndian);
    const op = opOf(action, bytes);
    if (op === undefined) return OUTCOME.remark;
    batch.volume[row] = this.volumeOf(view.getUint32(start + 36, isLittleEndian));
    batch.op[row] = op;
    batch.offsetBytes[row] = op === OP.flush ? 0 : uint64At(view, start + 16, isLittleEndian) * SECTOR_BYTES;
    batch.lengthBytes[row] = bytes;
    batch.atUs[row] = microsecondsAt(view, start + 8, isLittleEndian);
    return OUTCOME.row;
  }

  private volumeOf(device: number): number {
    const known = this.volumes.get(device);
    if (known !== undefined) return known;
    const volume = this.indexOfVolume(deviceName(device >>> 20, device & 0xf_ffff));
    this.volumes.set(device, volume);
    return volume;
  }
}

/** Undefined for what moves no data: neither read, write, discard nor flush. */
function opOf(action: number, bytes: number): number | undefined {
  if ((action & DISCARD) !== 0) return OP.trim;
  if ((action & FLUSH) !== 0 && bytes === 0) return OP.flush;
  if ((action & WRITE) !== 0) return OP.write;
  return (action & READ) === 0 ? undefined : OP.read;
}

/** Of a time in ns, exactly also where a double is not: 2^32 ns are 4294967 us and 296 ns. */
function microsecondsAt(view: DataView, at: number, isLittleEndian: boolean): number {
  const low = view.getUint32(isLittleEndian ? at : at + 4, isLittleEndian);
  const high = view.getUint32(isLittleEndian ? at + 4 : at, isLittleEndian);
  return high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
}

function findMagic(bytes: Uint8Array, from: number, end: number, isLittleEndian: boolean): number {
  const magic = isLittleEndian ? MAGIC_SWAPPED : MAGIC;
  const first = magic >>> 24;
  for (let at = from; at + MAGIC_BYTES <= end; at += 1) {
    if (bytes[at] === first && wordAt(bytes, at) === magic) return at;
  }
  return -1;
}

/** Four bytes, the first one highest. */
function wordAt(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + MAGIC_BYTES);
  return ((first << 24) | (second << 16) | (third << 8) | fourth) >>> 0;
}

function countMagics(bytes: Uint8Array, isLittleEndian: boolean): number {
  let count = 0;
  let at = findMagic(bytes, 0, bytes.length, isLittleEndian);
  while (at >= 0) {
    count += 1;
    at = findMagic(bytes, at + MAGIC_BYTES, bytes.length, isLittleEndian);
  }
  return count;
}
