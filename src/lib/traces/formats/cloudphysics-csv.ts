/**
 * CloudPhysics traces as text, one file a volume, in either of two shapes:
 *
 *   (a) timestamp,lbn,len,cmd,ver       us; lbn and len in sectors of 512 bytes
 *   (b) version,time,op,size,lbn        whole seconds; size in bytes, lbn in sectors; with this header
 *       1,5633898,2a,512,42932745
 *
 * cmd and op are SCSI opcodes. In (b) they are hex without 0x; in (a) hex or decimal, which the first lines must tell,
 * because 42 is a write in one reading and an unmap in the other. An unmap carries its ranges beside the command: it is
 * counted, and frees nothing. WRITE SAME is refused: it may write or free. Times are relative to the start of the
 * trace. Sources: cacheMon/cache_dataset for (a), the sample of 1a1a11a/libCacheSim for (b).
 */
import {InputError} from '../../core/index.js';
import {BYTE, type Words, wordsOf} from '../reading/row-cursor.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {SCSI_OPS, SECTOR_BYTES} from '../reading/scsi-commands.js';
import {type ReadTime, timeReader} from '../reading/time-unit.js';
import {mostMatch, OUTCOME, type RowReader, type TraceFormat} from '../reading/trace-format.js';

const HEADER_A = 'timestamp,lbn,len,cmd,ver';
const HEADER_B = 'version,time,op,size,lbn';
const ROW_A = /^\d+(?:\.\d+)?,\d+,\d+,(?:0x)?[0-9a-fA-F]{1,3},\d+$/;
export const cloudphysicsCsv: TraceFormat = {
  framing: 'lines',
  summary: 'CloudPhysics: timestamp,lbn,len,cmd,ver (us) or version,time,op,size,lbn (s); relative time',
  volumeFrom: 'input',
  time: 'epoch-or-relative',
  heeds: ['timeUnit'],
  fits: (lines) => lines[0] === HEADER_A || lines[0] === HEADER_B || fitsShapeA(lines),
  open: ({indexOfVolume, inputVolume, firstLines, source, readings}) => {
    const volume = indexOfVolume(inputVolume());
    if (firstLines[0] === HEADER_B) return openShapeB(volume, timeReader(readings.timeUnit ?? 's'));
    return openShapeA(volume, timeReader(readings.timeUnit ?? 'us'), firstLines, source);
  },
};

function fitsShapeA(lines: readonly string[]): boolean {
  const opcodes = opcodesOf(lines);
  return mostMatch(lines, ROW_A) && countKnown(opcodes, 10) + countKnown(opcodes, 16) > 0;
}

function openShapeA(volume: number, readTime: ReadTime, lines: readonly string[], source: string): RowReader {
  const opcodes = opcodesIn(baseOf(lines, source));
  const unused = new Float64Array(1);
  return {
    headerLines: lines[0] === HEADER_A ? 1 : 0,
    read: (cursor, batch, row) => {
      batch.volume[row] = volume;
      const isRow =
        readTime(cursor, 'timestamp', BYTE.comma, batch.atUs, row) &&
        cursor.readWhole('lbn', BYTE.comma, batch.offsetBytes, row) &&
        cursor.readWhole('len', BYTE.comma, batch.lengthBytes, row) &&
        cursor.readWord('cmd', BYTE.comma, opcodes, batch.op, row) &&
        cursor.readWhole('ver', BYTE.newline, unused, 0);
      if (!isRow) return OUTCOME.bad;
      batch.lengthBytes[row] = (batch.lengthBytes[row] ?? 0) * SECTOR_BYTES;
      finishRow(batch, row);
      return OUTCOME.row;
    },
  };
}

function openShapeB(volume: number, readTime: ReadTime): RowReader {
  const opcodes = opcodesIn(16);
  const unused = new Float64Array(1);
  return {
    headerLines: 1,
    read: (cursor, batch, row) => {
      batch.volume[row] = volume;
      const isRow =
        cursor.readWhole('version', BYTE.comma, unused, 0) &&
        readTime(cursor, 'time', BYTE.comma, batch.atUs, row) &&
        cursor.readWord('op', BYTE.comma, opcodes, batch.op, row) &&
        cursor.readWhole('size', BYTE.comma, batch.lengthBytes, row) &&
        cursor.readWhole('lbn', BYTE.newline, batch.offsetBytes, row);
      if (!isRow) return OUTCOME.bad;
      finishRow(batch, row);
      return OUTCOME.row;
    },
  };
}

/** Sectors to bytes; an unmap has no range of its own. A product too large for a double is refused by its size. */
function finishRow(batch: RequestBatch, row: number): void {
  batch.offsetBytes[row] = (batch.offsetBytes[row] ?? 0) * SECTOR_BYTES;
  if (batch.op[row] === OP.trim) batch.lengthBytes[row] = 0;
}

function opcodesOf(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.filter((line) => ROW_A.test(line)).map((line) => line.split(',')[3] ?? ''))];
}

function countKnown(opcodes: readonly string[], base: number): number {
  return opcodes.filter((text) => SCSI_OPS.has(Number.parseInt(text, base))).length;
}

/** The base that explains more of the opcodes; throws InputError when both explain as many, differently. */
function baseOf(lines: readonly string[], source: string): number {
  const opcodes = opcodesOf(lines);
  if (opcodes.some((text) => /[a-fx]/i.test(text))) return 16;
  const decimal = countKnown(opcodes, 10);
  const hex = countKnown(opcodes, 16);
  const isSame = opcodes.every(
    (text) => SCSI_OPS.get(Number(text)) === SCSI_OPS.get(Number.parseInt(text, 16)),
  );
  if (decimal !== hex || isSame) return decimal > hex ? 10 : 16;
  throw new InputError(
    'ambiguous-opcodes',
    `${source}: cmd is ${opcodes.join(', ')} in the first lines, which means one thing as decimal and another as hex`,
    {hints: ['write it as 0x2a, or convert the trace to foreshadow-csv (volume,time_us,op,offset,length)']},
  );
}

/** Every spelling of the opcodes in a base. */
function opcodesIn(base: number): Words {
  const codes: Record<string, number> = {};
  for (const [opcode, op] of SCSI_OPS) {
    const text = opcode.toString(base);
    codes[text] = op;
    if (base === 10) continue;
    const padded = text.padStart(2, '0');
    for (const spelling of [padded, padded.toUpperCase(), `0x${text}`, `0x${padded}`]) codes[spelling] = op;
  }
  return wordsOf(codes, `the ${base === 10 ? 'decimal' : 'hex'} opcode of a read, write, unmap or flush`);
}
