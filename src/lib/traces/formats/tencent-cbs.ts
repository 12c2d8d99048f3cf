/**
 * Tencent CBS block traces (2018), one request a line:
 *
 *   Timestamp,Offset,Size,IOType,VolumeID
 *   1538323200,12910952,128,0,1063
 *
 * Timestamp in seconds since 1970, UTC; Offset and Size in sectors of 512 bytes; IOType 0 read, 1 write. No header in
 * the original; one with these names is passed over. A later release (cacheMon) has Offset in bytes and Size in sectors:
 * offsets that are not all multiples of 512 are sectors; offsets that are, and either lie beyond 32 TiB when taken as
 * sectors, or are many while no size is such a multiple, are bytes; else --offset-unit must say. Sources: SNIA IOTTA
 * repository, trace set 27917; cacheMon/cache_dataset.
 */
import {InputError} from '../../core/index.js';
import {BYTE, wordsOf} from '../reading/row-cursor.js';
import {OP} from '../reading/request-batch.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {timeReader} from '../reading/time-unit.js';
import {type FormatOptions, mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';
import {VolumeColumn} from '../reading/volume-column.js';

const HEADER = 'Timestamp,Offset,Size,IOType,VolumeID';
const ROW = /^\d+(?:\.\d+)?,(\d+),(\d+),[01],[^,"]+$/;
const IO_TYPES = wordsOf({1: OP.write, 0: OP.read});
/** No volume of the service is larger. */
const LARGEST_VOLUME_BYTES = 32 * 2 ** 40;
/** So many offsets are not multiples of 512 sectors by chance, when the sizes are none. */
const TELLING_OFFSETS = 8;

export const tencentCbs: TraceFormat = {
  framing: 'lines',
  summary: 'Tencent CBS 2018: Timestamp (s),Offset,Size (sectors),IOType,VolumeID',
  volumeFrom: 'row',
  time: 'epoch-or-relative',
  heeds: ['timeUnit', 'offsetUnit'],
  fits: (lines) => mostMatch(lines[0] === HEADER ? lines.slice(1) : lines, ROW),
  open: (options) => {
    const {indexOfVolume, firstLines, readings} = options;
    const readTime = timeReader(readings.timeUnit ?? 's');
    const offsetUnit = readings.offsetUnit ?? sniffOffsetUnit(options);
    const offsetUnitBytes = offsetUnit === 'bytes' ? 1 : SECTOR_BYTES;
    const volumes = new VolumeColumn(indexOfVolume, {
      fields: 1,
      toName: (text) => (text.includes(',') ? undefined : text),
      expected: 'one field',
    });
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        const isRow =
          readTime(cursor, 'Timestamp', BYTE.comma, batch.atUs, row) &&
          cursor.readWhole('Offset', BYTE.comma, batch.offsetBytes, row) &&
          cursor.readWhole('Size', BYTE.comma, batch.lengthBytes, row) &&
          cursor.readWord('IOType', BYTE.comma, IO_TYPES, batch.op, row);
        const volume = isRow ? volumes.readLast(cursor, 'VolumeID') : -1;
        if (volume < 0) return OUTCOME.bad;
        batch.volume[row] = volume;
        batch.offsetBytes[row] = (batch.offsetBytes[row] ?? 0) * offsetUnitBytes;
        batch.lengthBytes[row] = (batch.lengthBytes[row] ?? 0) * SECTOR_BYTES;
        return OUTCOME.row;
      },
      remarks: () => [`offsets are read as ${offsetUnit}, sizes as sectors of 512 bytes`],
    };
  },
};

/** Throws InputError with both readings when the first lines do not tell. */
function sniffOffsetUnit({firstLines, source}: FormatOptions): 'bytes' | 'sectors' {
  const rows = firstLines.flatMap((line) => {
    const [, offset, size] = ROW.exec(line) ?? [];
    return offset === undefined ? [] : [{offset: Number(offset), size: Number(size)}];
  });
  const offsets = [...new Set(rows.map(({offset}) => offset))].filter((offset) => offset > 0);
  if (rows.length === 0 || offsets.some((offset) => offset % SECTOR_BYTES !== 0)) return 'sectors';
  const largest = Math.max(0, ...offsets);
  if (largest * SECTOR_BYTES > LARGEST_VOLUME_BYTES) return 'bytes';
  const hasLargeSizes = rows.some(({size}) => size > 0 && size % SECTOR_BYTES === 0);
  if (offsets.length >= TELLING_OFFSETS && !hasLargeSizes) return 'bytes';
  throw new InputError(
    'ambiguous-offsets',
    `${source}: the first offsets are all multiples of 512: they may be bytes (the furthest is ${largest}) or sectors (${largest * SECTOR_BYTES} bytes)`,
    {hints: ['--offset-unit sectors is the original release, --offset-unit bytes the one of cacheMon']},
  );
}
