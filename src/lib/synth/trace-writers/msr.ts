import {READ} from '../request-batch.js';
import {asciiBytes, putBytes, putCode, putDigits, putNumber} from '../text-buffer.js';
import {nothingAtTheEnd, type TraceWriter} from '../trace-writer.js';

const COMMA = 44;
const ZERO = 48;
const NEWLINE = 10;
/** Seconds from 1601-01-01, where FILETIME begins, to 1970-01-01. */
const FILETIME_EPOCH_SECONDS = 11_644_473_600;
const US_PER_SECOND = 1_000_000;

/**
 * `Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime`: FILETIME ticks of 100 ns, bytes, no header (MSR
 * Cambridge, 2007). A volume `web_3` is disk 3 of host web; a name without a number is disk 0.
 */
export const msr: TraceWriter = {
  name: 'msr',
  perVolume: false,
  trims: false,
  open: (volumes) => {
    const names = volumes.map(({id}) => asciiBytes(hostAndDisk(id)));
    const none = asciiBytes(',,0');
    const reading = asciiBytes(',Read,');
    const writing = asciiBytes(',Write,');
    return {
      begin: () => undefined,
      row: (buffer, batch, row) => {
        const atUs = batch.atUs[row] ?? 0;
        const length = batch.lengthBytes[row] ?? 0;
        // In ticks the time exceeds 2^53, so seconds and their fraction are written apart.
        const seconds = Math.floor(atUs / US_PER_SECOND);
        putNumber(buffer, seconds + FILETIME_EPOCH_SECONDS);
        putDigits(buffer, atUs - seconds * US_PER_SECOND, 6);
        putCode(buffer, ZERO);
        putBytes(buffer, names[batch.volume[row] ?? 0] ?? none);
        putBytes(buffer, batch.op[row] === READ ? reading : writing);
        putNumber(buffer, batch.offsetBytes[row] ?? 0);
        putCode(buffer, COMMA);
        putNumber(buffer, length);
        putCode(buffer, COMMA);
        putNumber(buffer, 800 + Math.floor(length / 40));
        putCode(buffer, NEWLINE);
      },
      end: nothingAtTheEnd,
    };
  },
};

function hostAndDisk(id: string): string {
  const [, host, disk] = /^(.*)_(\d+)$/.exec(id) ?? [];
  return host === undefined || disk === undefined ? `,${id},0` : `,${host},${disk}`;
}
