import {READ} from '../request-batch.js';
import {asciiBytes, putBytes, putCode, putNumber} from '../text-buffer.js';
import {nothingAtTheEnd, type TraceWriter} from '../trace-writer.js';

const COMMA = 44;
const NEWLINE = 10;
const R = 82;
const W = 87;

/** `device_id,opcode,offset,length,timestamp`: bytes, epoch us, no header (alibaba/block-traces, 2020). */
export const alibaba: TraceWriter = {
  name: 'alibaba',
  perVolume: false,
  trims: false,
  open: (volumes) => {
    const names = volumes.map(({id}) => asciiBytes(`${id},`));
    const none = asciiBytes(',');
    return {
      begin: () => undefined,
      row: (buffer, batch, row) => {
        putBytes(buffer, names[batch.volume[row] ?? 0] ?? none);
        putCode(buffer, batch.op[row] === READ ? R : W);
        putCode(buffer, COMMA);
        putNumber(buffer, batch.offsetBytes[row] ?? 0);
        putCode(buffer, COMMA);
        putNumber(buffer, batch.lengthBytes[row] ?? 0);
        putCode(buffer, COMMA);
        putNumber(buffer, batch.atUs[row] ?? 0);
        putCode(buffer, NEWLINE);
      },
      end: nothingAtTheEnd,
    };
  },
};
