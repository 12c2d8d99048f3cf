/**
 * Usage samples: how many bytes a volume used at a time, a gauge taken by whoever knows it,
 *
 *   volume,time_s,used_bytes[,provisioned_bytes]
 *   vol-7,1790000000,5368709120,107374182400
 *
 * The header is required: it names the unit of the time, time_us, time_ms or time_s (whole numbers since 1970, UTC), or
 * time (ISO 8601; without a zone UTC). The last provisioned_bytes of a volume is its size. Names are quoted as in foreshadow-csv.
 * Of several samples in a minute the youngest counts.
 */
import {InputError, parseInstantUs} from '../../core/index.js';
import {BYTE, decodeLeniently, type RowCursor} from '../reading/row-cursor.js';
import {createCsvVolume, MORE_NEEDED} from '../reading/csv-volume.js';
import {OP} from '../reading/request-batch.js';
import {OUTCOME, type TraceFormat} from '../reading/trace-format.js';

const HEADER = /^volume,(time|time_us|time_ms|time_s),used_bytes(,provisioned_bytes)?$/;
const US_PER_UNIT = new Map([
  ['time_us', 1],
  ['time_ms', 1000],
  ['time_s', 1_000_000],
]);

export const usageCsv: TraceFormat = {
  framing: 'lines',
  summary: 'usage samples: volume,time_us|time_ms|time_s|time,used_bytes[,provisioned_bytes]',
  volumeFrom: 'row',
  time: 'epoch',
  fits: (lines) => HEADER.test(lines[0] ?? ''),
  open: ({indexOfVolume, provisioned: noteProvisioned, firstLines, source}) => {
    const [, time, provisioned] = HEADER.exec(firstLines[0] ?? '') ?? [];
    if (time === undefined) throw wrongHeader(source, firstLines[0] ?? '');
    const usPerUnit = US_PER_UNIT.get(time);
    const afterUsed = provisioned === undefined ? BYTE.newline : BYTE.comma;
    const readVolume = createCsvVolume(indexOfVolume);
    const size = new Float64Array(1);
    return {
      headerLines: 1,
      read: (cursor, batch, row) => {
        const volume = readVolume(cursor, 'volume');
        if (volume === MORE_NEEDED) return OUTCOME.more;
        batch.volume[row] = volume;
        batch.op[row] = OP.sample;
        batch.offsetBytes[row] = 0;
        const isRow =
          volume >= 0 &&
          (usPerUnit === undefined
            ? readInstant(cursor, batch.atUs, row)
            : cursor.readWhole(time, BYTE.comma, batch.atUs, row)) &&
          cursor.readWhole('used_bytes', afterUsed, batch.lengthBytes, row) &&
          (provisioned === undefined || cursor.readWhole('provisioned_bytes', BYTE.newline, size, 0));
        if (!isRow) return OUTCOME.bad;
        if (provisioned !== undefined) noteProvisioned(volume, size[0] ?? 0);
        batch.atUs[row] = (batch.atUs[row] ?? 0) * (usPerUnit ?? 1);
        return OUTCOME.row;
      },
    };
  },
};

function wrongHeader(source: string, line: string): InputError {
  return new InputError(
    'wrong-header',
    `${source}:1: the header is ${JSON.stringify(line.slice(0, 120))}, not volume, a time and used_bytes`,
    {hints: ['begin the file with volume,time_s,used_bytes (or time_us, time_ms, or time for ISO 8601)']},
  );
}

function readInstant(cursor: RowCursor, atUs: Float64Array, row: number): boolean {
  const start = cursor.at;
  const line = cursor.bytes.subarray(start, cursor.lineEnd(start));
  const length = line.indexOf(BYTE.comma);
  const instantUs = length < 0 ? undefined : parseInstantUs(decodeLeniently(line.subarray(0, length)));
  if (instantUs === undefined) {
    return cursor.failField('time', start, BYTE.comma, (field) =>
      parseInstantUs(field) === undefined ? 'is not an ISO 8601 time' : undefined,
    );
  }
  cursor.at = start + length + 1;
  atUs[row] = instantUs;
  return true;
}
