import {OP} from './request-batch.js';

/**
 * What the commands of SBC-4 do that are requests, by opcode: READ(6, 10, 12, 16), WRITE(6, 10, 12, 16), UNMAP and
 * SYNCHRONIZE CACHE(10, 16). The frequent ones come first.
 */
export const SCSI_OPS: ReadonlyMap<number, number> = new Map([
  [0x2a, OP.write],
  [0x28, OP.read],
  [0x8a, OP.write],
  [0x88, OP.read],
  [0x0a, OP.write],
  [0x08, OP.read],
  [0xaa, OP.write],
  [0xa8, OP.read],
  [0x42, OP.trim],
  [0x35, OP.flush],
  [0x91, OP.flush],
]);

/** WRITE SAME(10, 16) may write or free, which a trace does not tell. */
export const WRITE_SAME: ReadonlySet<number> = new Set([0x41, 0x93]);

export const SECTOR_BYTES = 512;
