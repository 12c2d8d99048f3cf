import {OPS} from '../request-batch.js';
import {asciiBytes, putBytes, putCode, putNumber} from '../text-buffer.js';
import {nothingAtTheEnd, type TraceWriter} from '../trace-writer.js';

const COMMA = 44;
const NEWLINE = 10;
const HEADER = asciiBytes('volume,time_us,op,offset,length\n');

/** Our own: header `volume,time_us,op,offset,length`; epoch us, bytes, op in words. */
export const foreshadowCsv: TraceWriter = {
  name: 'foreshadow-csv',
  perVolume: false,
  trims: true,
  open: (volumes) => {
    const names = volumes.map(({id}) => asciiBytes(`${id},`));
    const ops = OPS.map((op) => asciiBytes(`,${op},`));
    const none = asciiBytes(',');
    return {
      begin: (buffer) => {
        putBytes(buffer, HEADER);
      },
      row: (buffer, batch, row) => {
        putBytes(buffer, names[batch.volume[row] ?? 0] ?? none);
        putNumber(buffer, batch.atUs[row] ?? 0);
        putBytes(buffer, ops[batch.op[row] ?? 0] ?? none);
        putNumber(buffer, batch.offsetBytes[row] ?? 0);
        putCode(buffer, COMMA);
        putNumber(buffer, batch.lengthBytes[row] ?? 0);
        putCode(buffer, NEWLINE);
      },
      end: nothingAtTheEnd,
    };
  },
};
