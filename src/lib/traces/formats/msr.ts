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
import {BYTE, type RowCursor, wordsOf} from '../reading/row-cursor.js';
import {OP} from '../reading/request-batch.js';
import {mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';
import {VolumeColumn} from '../reading/volume-column.js';

const HEADER = 'Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime';
const ROW = /^\d{18},[^,"]+,\d+,(?:Read|Write),\d+,\d+,\d+$/;
const TYPES = wordsOf({Write: OP.write, Read: OP.read});
/** 1970-01-01 is FILETIME 116444736 * 10^9, so the first nine digits alone tell the distance to it. */
const EPOCH_HIGH = 116_444_736;

export const msr: TraceFormat = {
  framing: 'lines',
  summary: 'MSR Cambridge 2007: Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime (FILETIME)',
  volumeFrom: 'row',
  time: 'epoch',
  fits: (lines) => mostMatch(lines[0] === HEADER ? lines.slice(1) : lines, ROW),
  open: ({indexOfVolume, firstLines}) => {
    const volumes = new VolumeColumn(indexOfVolume, {
      fields: 2,
      toName: (text) => (/^[^,]+,\d+$/.test(text) ? text.replace(',', '_') : undefined),
      expected: 'a host and the number of a disk',
    });
    const unused = new Float64Array(1);
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        if (!readFiletime(cursor, batch.atUs, row)) return OUTCOME.bad;
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

/** Exactly 18 digits (the years 1917 to 4769), as two halves of nine. */
function readFiletime(cursor: RowCursor, atUs: Float64Array, row: number): boolean {
  const {bytes} = cursor;
  const start = cursor.at;
  let high = 0;
  let low = 0;
  for (let place = 0; place < 18; place += 1) {
    const digit = (bytes[start + place] ?? 0) - BYTE.zero;
    if (digit < 0 || digit > 9) return failFiletime(cursor, start);
    if (place < 9) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  if (!cursor.endsField(start + 18, BYTE.comma)) return failFiletime(cursor, start);
  atUs[row] = (high - EPOCH_HIGH) * 100_000_000 + Math.floor(low / 10);
  return true;
}

function failFiletime(cursor: RowCursor, start: number): boolean {
  return cursor.failField('Timestamp', start, BYTE.comma, (text) =>
    /^\d{18}$/.test(text) ? undefined : 'is not a FILETIME of 18 digits',
  );
}
