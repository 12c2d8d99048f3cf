import {READ} from '../request-batch.js';
import {asciiBytes, putBytes, putCode, putNumber} from '../text-buffer.js';
import {nothingAtTheEnd, type TraceWriter} from '../trace-writer.js';

const COMMA = 44;
const NEWLINE = 10;
const US_PER_SECOND = 1_000_000;
const SECTOR_BYTES = 512;
const HEADER = asciiBytes('version,time,op,size,lbn\n');

/**
 * Header `version,time,op,size,lbn`: whole seconds, SCSI opcode in hexadecimal without prefix (28 read, 2a write),
 * bytes, sectors of 512 B; one volume a file (the sample of libCacheSim).
 */
export const cloudphysicsCsv: TraceWriter = {
  name: 'cloudphysics-csv',
  perVolume: true,
  trims: false,
  open: () => {
    const reading = asciiBytes(',28,');
    const writing = asciiBytes(',2a,');
    const version = asciiBytes('1,');
    return {
      begin: (buffer) => {
        putBytes(buffer, HEADER);
      },
      row: (buffer, batch, row) => {
        putBytes(buffer, version);
        putNumber(buffer, Math.floor((batch.atUs[row] ?? 0) / US_PER_SECOND));
        putBytes(buffer, batch.op[row] === READ ? reading : writing);
        putNumber(buffer, batch.lengthBytes[row] ?? 0);
        putCode(buffer, COMMA);
        putNumber(buffer, (batch.offsetBytes[row] ?? 0) / SECTOR_BYTES);
        putCode(buffer, NEWLINE);
      },
      end: nothingAtTheEnd,
    };
  },
};
