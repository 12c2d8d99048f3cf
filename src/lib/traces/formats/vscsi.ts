/**
 * vSCSI traces of VMware ESX (as CloudPhysics has them), one file a disk: binary records, little-endian, in version 1
 * of 32 bytes and in version 2 of 40,
 *
 *   (1) u32 sn, u32 len, u32 nSG, u16 cmd, u16 ver, u64 lbn, u64 ts
 *   (2) u16 cmd, u16 ver, u32 sn, u32 len, u32 nSG, u64 lbn, u64 ts, u64 rt
 *
 * The version is the upper byte of ver. ts is in us from the start of the trace, lbn in sectors of 512 bytes, cmd a
 * SCSI opcode. len is in bytes in some traces and in sectors in others: when it is not a multiple of 512 it is sectors;
 * else what tells is where the runs of sequential requests go on; when nothing does, --length-unit must. An unmap
 * carries its ranges beside the command: it is counted, and frees nothing. Reads, writes, unmaps and flushes are rows,
 * WRITE SAME is refused (it may write or free), other commands are remarks. Source: vscsi.h of 1a1a11a/libCacheSim.
 */
import {InputError} from '../../core/index.js';
import {type RecordCursor, uint64At} from '../reading/record-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {SCSI_OPS, SECTOR_BYTES, WRITE_SAME} from '../reading/scsi-commands.js';
import {
  type FormatOptions,
  OUTCOME,
  type Outcome,
  type Readings,
  type RecordReader,
  type TraceFormat,
} from '../reading/trace-format.js';

/** Where the fields of a version are. */
interface Layout {
  readonly version: number;
  readonly recordBytes: number;
  readonly cmd: number;
  readonly ver: number;
  readonly len: number;
  readonly lbn: number;
  readonly ts: number;
}

const LAYOUTS: readonly Layout[] = [
  {version: 1, recordBytes: 32, len: 4, cmd: 12, ver: 14, lbn: 16, ts: 24},
  {version: 2, recordBytes: 40, cmd: 0, ver: 2, len: 8, lbn: 16, ts: 24},
];
const PROBED_RECORDS = 50;
/** A few damaged records do not make a length sectors. */
const ODD_SHARE = 0.01;

export const vscsi: TraceFormat = {
  framing: 'records',
  summary: 'vSCSI traces of VMware, binary, version 1 or 2; relative time',
  volumeFrom: 'input',
  time: 'epoch-or-relative',
  heeds: ['lengthUnit'],
  fits: (firstBytes) => layoutOf(firstBytes) !== undefined,
  open: (options) => {
    const layout = layoutOf(options.firstBytes);
    if (layout === undefined) throw unknownVersion(options.source);
    return new VscsiReader(layout, options);
  },
};

class VscsiReader implements RecordReader {
  readonly headerBytes: number;
  private readonly layout: Layout;
  private readonly volume: number;
  private readonly lengthUnit: LengthUnit;
  /** How many commands that are no requests were passed over, by opcode. */
  private readonly others = new Map<number, number>();

  constructor(layout: Layout, options: FormatOptions) {
    this.headerBytes = layout.recordBytes;
    this.layout = layout;
    this.volume = options.indexOfVolume(options.inputVolume());
    this.lengthUnit = lengthUnitOf(layout, options);
  }

  sizeAt(): number {
    return this.layout.recordBytes;
  }

  read(cursor: RecordCursor, batch: RequestBatch, row: number): Outcome {
    const {layout} = this;
    const {view, start} = cursor;
    const version = view.getUint16(start + layout.ver, true) >>> 8;
    if (version !== layout.version) return bad(cursor, `version is ${version}, not ${layout.version}`);
    const opcode = view.getUint16(start + layout.cmd, true);
    const op = SCSI_OPS.get(opcode);
    if (op === undefined) return this.passOver(opcode, cursor);
    const lengthBytes = view.getUint32(start + layout.len, true) * this.lengthUnit.bytes;
    if (op <= OP.write && lengthBytes % SECTOR_BYTES !== 0) {
      return bad(cursor, `len is ${lengthBytes} bytes, which is not a whole number of sectors`);
    }
    batch.volume[row] = this.volume;
    batch.op[row] = op;
    batch.offsetBytes[row] = uint64At(view, start + layout.lbn, true) * SECTOR_BYTES;
    batch.lengthBytes[row] = op <= OP.write ? lengthBytes : 0;
    batch.atUs[row] = uint64At(view, start + layout.ts, true);
    return OUTCOME.row;
  }

  remarks(): readonly string[] {
    const passed = [...this.others].map(([opcode, count]) => `${hex(opcode)} (${count})`);
    return [
      `len is read as ${this.lengthUnit.name}: ${this.lengthUnit.because}`,
      ...(passed.length > 0 ? [`commands that are no requests: ${passed.join(', ')}`] : []),
    ];
  }

  private passOver(opcode: number, cursor: RecordCursor): Outcome {
    if (opcode > 0xff) return bad(cursor, `cmd is ${hex(opcode)}, which is no opcode`);
    if (WRITE_SAME.has(opcode))
      return bad(cursor, `cmd is ${hex(opcode)}, WRITE SAME, which may write or free`);
    this.others.set(opcode, (this.others.get(opcode) ?? 0) + 1);
    return OUTCOME.remark;
  }
}

function bad(cursor: RecordCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

function hex(opcode: number): string {
  return `0x${opcode.toString(16).padStart(2, '0')}`;
}

/** The layout in which more than half of the first records have its version and an opcode. */
function layoutOf(firstBytes: Uint8Array): Layout | undefined {
  const view = viewOf(firstBytes);
  return LAYOUTS.find(({recordBytes, ver, cmd, version}) => {
    const records = Math.min(PROBED_RECORDS, Math.floor(firstBytes.length / recordBytes));
    let fitting = 0;
    for (let record = 0; record < records; record += 1) {
      const at = record * recordBytes;
      const isVersion = view.getUint16(at + ver, true) >>> 8 === version;
      if (isVersion && view.getUint16(at + cmd, true) <= 0xff) fitting += 1;
    }
    return 2 * fitting > records;
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unknownVersion(source: string): InputError {
  return new InputError(
    'wrong-header',
    `${source}: its first records are of no version of vSCSI: neither 1 (32 bytes) nor 2 (40 bytes)`,
    {hints: ['see what the file is']},
  );
}

interface LengthUnit {
  readonly name: NonNullable<Readings['lengthUnit']>;
  readonly bytes: number;
  readonly because: string;
}

/** What the lengths of the first reads and writes say about their unit. */
interface LengthSigns {
  readonly requests: number;
  /** Whose length is not a multiple of 512. */
  odd: number;
  /** That begin where the one before ends, if its length is bytes, or sectors. */
  runsInBytes: number;
  runsInSectors: number;
}

function lengthUnitOf(layout: Layout, {firstBytes, readings, source}: FormatOptions): LengthUnit {
  if (readings.lengthUnit !== undefined) return lengthUnit(readings.lengthUnit, '--length-unit says so');
  const signs = lengthSigns(layout, firstBytes);
  const {requests, odd, runsInBytes, runsInSectors} = signs;
  if (odd > ODD_SHARE * requests) {
    return lengthUnit(
      'sectors',
      `${odd} of the first ${requests} lengths are not multiples of ${SECTOR_BYTES}`,
    );
  }
  const runs = `of the first ${requests} requests ${runsInBytes} go on where the one before ends in bytes, ${runsInSectors} in sectors`;
  if (runsInBytes !== runsInSectors)
    return lengthUnit(runsInBytes > runsInSectors ? 'bytes' : 'sectors', runs);
  throw new InputError(
    'ambiguous-length',
    `${source}: len may be bytes or sectors of ${SECTOR_BYTES}: all are multiples of ${SECTOR_BYTES}, and ${runs}`,
    {hints: ['--length-unit bytes or --length-unit sectors says which']},
  );
}

function lengthUnit(name: LengthUnit['name'], because: string): LengthUnit {
  return {name, bytes: name === 'bytes' ? 1 : SECTOR_BYTES, because};
}

function lengthSigns(layout: Layout, firstBytes: Uint8Array): LengthSigns {
  const view = viewOf(firstBytes);
  let requests = 0;
  const signs = {odd: 0, runsInBytes: 0, runsInSectors: 0};
  let endInBytes = Number.NaN;
  let endInSectors = Number.NaN;
  for (let at = 0; at + layout.recordBytes <= firstBytes.length; at += layout.recordBytes) {
    const op = SCSI_OPS.get(view.getUint16(at + layout.cmd, true));
    const length = view.getUint32(at + layout.len, true);
    if (op === undefined || op > OP.write || length === 0) continue;
    const lbn = uint64At(view, at + layout.lbn, true);
    requests += 1;
    if (length % SECTOR_BYTES !== 0) signs.odd += 1;
    if (lbn === endInBytes) signs.runsInBytes += 1;
    if (lbn === endInSectors) signs.runsInSectors += 1;
    endInBytes = lbn + length / SECTOR_BYTES;
    endInSectors = lbn + length;
  }
  return {requests, ...signs};
}
