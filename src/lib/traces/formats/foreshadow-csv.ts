/**
 * Our own format, what interceptors of any kind can write: one request a line,
 *
 *   volume,time_us,op,offset,length
 *   vol-7,1790000000000000,write,1048576,65536
 *
 * time_us in us since 1970, UTC, or since a --start; op read, write, trim or flush (what others call discard or zero is
 * trim when it frees blocks and write when it does not, which only the writer of the log can know); offset and length
 * in bytes. The header is optional. A volume's name may be quoted as in RFC 4180 ("" for a quote in it), and may then
 * hold anything but NUL, up to 4096 bytes, newlines included: the further lines of such a row are counted as remarks. A
 * quote that is not closed within that length rejects its own line only.
 */
import {BYTE, wordsOf} from '../reading/row-cursor.js';
import {createCsvVolume, MORE_NEEDED} from '../reading/csv-volume.js';
import {OP} from '../reading/request-batch.js';
import {timeReader} from '../reading/time-unit.js';
import {mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';

const HEADER = 'volume,time_us,op,offset,length';
const ROW = /(?:^[^,"]+|"),\d+(?:\.\d+)?,(?:read|write|trim|flush),\d+,\d+$/;
const OPS = wordsOf({write: OP.write, read: OP.read, trim: OP.trim, flush: OP.flush});

export const foreshadowCsv: TraceFormat = {
  framing: 'lines',
  summary: 'our own: volume,time_us,op,offset,length',
  volumeFrom: 'row',
  time: 'epoch-or-relative',
  heeds: ['timeUnit'],
  fits: (lines) => lines[0] === HEADER || mostMatch(lines, ROW),
  open: ({indexOfVolume, firstLines, readings}) => {
    const readTime = timeReader(readings.timeUnit ?? 'us');
    const readVolume = createCsvVolume(indexOfVolume);
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        const volume = readVolume(cursor, 'volume');
        if (volume === MORE_NEEDED) return OUTCOME.more;
        batch.volume[row] = volume;
        const isRow =
          volume >= 0 &&
          readTime(cursor, 'time_us', BYTE.comma, batch.atUs, row) &&
          cursor.readWord('op', BYTE.comma, OPS, batch.op, row) &&
          cursor.readWhole('offset', BYTE.comma, batch.offsetBytes, row) &&
          cursor.readWhole('length', BYTE.newline, batch.lengthBytes, row);
        return isRow ? OUTCOME.row : OUTCOME.bad;
      },
    };
  },
};
