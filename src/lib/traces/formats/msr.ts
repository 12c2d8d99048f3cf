/**
 * MSR Cambridge block traces (2007), one file a volume of a server: one request a line,
 *
 *   Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime
 *   128166372003061629,hm,1,Read,2096128,512,8102
 *
 * Timestamp in Windows FILETIME: units of 100 ns since 1601-01-01 UTC, 18 digits, more than a double holds exactly;
 * Type Read or Write; Offset and Size in bytes; ResponseTime in the same unit as Timestamp, checked and not used. The
 * volume is Hostname_DiskNumber. No header in the original; one with these names is passed over. Source: SNIA IOTTA
 * repository, trace set 388.
 */
import {BYTE, wordsOf} from '../reading/row-cursor.js';
import {OP} from '../reading/request-batch.js';
import {mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';
import {timeReader} from '../reading/time-unit.js';
import {VolumeColumn} from '../reading/volume-column.js';

const HEADER = 'Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime';
const ROW = /^\d+(?:\.\d+)?,[^,"]+,\d+,(?:Read|Write),\d+,\d+,\d+$/;
const TYPES = wordsOf({Write: OP.write, Read: OP.read});

export const msr: TraceFormat = {
  framing: 'lines',
  summary: 'MSR Cambridge 2007: Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime (FILETIME)',
  volumeFrom: 'row',
  time: 'epoch-or-relative',
  heeds: ['timeUnit'],
  fits: (lines) => mostMatch(lines[0] === HEADER ? lines.slice(1) : lines, ROW),
  open: ({indexOfVolume, firstLines, readings}) => {
    const readTime = timeReader(readings.timeUnit ?? 'filetime');
    const volumes = new VolumeColumn(indexOfVolume, {
      fields: 2,
      toName: (text) => (/^[^,]+,\d+$/.test(text) ? text.replace(',', '_') : undefined),
      expected: 'a host and the number of a disk',
    });
    const unused = new Float64Array(1);
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        if (!readTime(cursor, 'Timestamp', BYTE.comma, batch.atUs, row)) return OUTCOME.bad;
        const volume = volumes.read(cursor, 'Hostname,DiskNumber');
        batch.volume[row] = volume;
        const isRow =
          volume >= 0 &&
          cursor.readWord('Type', BYTE.comma, TYPES, batch.op, row) &&
          cursor.readWhole('Offset', BYTE.comma, batch.offsetBytes, row) &&
          cursor.readWhole('Size', BYTE.comma, batch.lengthBytes, row) &&
          cursor.readWhole('ResponseTime', BYTE.newline, unused, 0);
        return isRow ? OUTCOME.row : OUTCOME.bad;
      },
    };
  },
};
