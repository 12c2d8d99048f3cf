/**
 * Alibaba Cloud block traces (2020), `io_traces.csv`: one request a line,
 *
 *   device_id,opcode,offset,length,timestamp
 *   419,W,8792731648,16384,1577808144360767
 *
 * opcode R or W; offset and length in bytes; timestamp in us since 1970, UTC. No header in the original; a header line
 * with these names is passed over. Source: README of github.com/alibaba/block-traces.
 */
import {BYTE, wordsOf} from '../reading/row-cursor.js';
import {OP} from '../reading/request-batch.js';
import {mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';
import {timeReader} from '../reading/time-unit.js';
import {VolumeColumn} from '../reading/volume-column.js';

const HEADER = 'device_id,opcode,offset,length,timestamp';
const ROW = /^[^,"]+,[RW],\d+,\d+,\d+(?:\.\d+)?$/;
const OPCODES = wordsOf({R: OP.read, W: OP.write});

export const alibaba: TraceFormat = {
  framing: 'lines',
  summary: 'Alibaba 2020: device_id,opcode,offset,length,timestamp (us)',
  volumeFrom: 'row',
  time: 'epoch-or-relative',
  heeds: ['timeUnit'],
  fits: (lines) => mostMatch(lines[0] === HEADER ? lines.slice(1) : lines, ROW),
  open: ({indexOfVolume, firstLines, readings}) => {
    const readTime = timeReader(readings.timeUnit ?? 'us');
    const volumes = new VolumeColumn(indexOfVolume);
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        const volume = volumes.read(cursor, 'device_id');
        batch.volume[row] = volume;
        const isRow =
          volume >= 0 &&
          cursor.readWord('opcode', BYTE.comma, OPCODES, batch.op, row) &&
          cursor.readWhole('offset', BYTE.comma, batch.offsetBytes, row) &&
          cursor.readWhole('length', BYTE.comma, batch.lengthBytes, row) &&
          readTime(cursor, 'timestamp', BYTE.newline, batch.atUs, row);
        return isRow ? OUTCOME.row : OUTCOME.bad;
      },
    };
  },
};
