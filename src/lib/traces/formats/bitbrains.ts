/**
 * Bitbrains GWA-T-12, one file a virtual machine, named after it: means of about 300 s, fields separated by `;` and a
 * tab, with this header,
 *
 *   Timestamp [ms];	CPU cores;	...;	Disk read throughput [KB/s];	Disk write throughput [KB/s];	...
 *   1372629804;	2;	...;	160.86666666666667;	21.733333333333334;	...
 *
 * The timestamp is in seconds since 1970, UTC, although the header says ms: its magnitude tells. Numbers may be like
 * 1.6703488E7. KB are of 1024 bytes, as memory shows (6.7108864E7 KB is 64 GiB). A rate becomes bytes by the time that
 * its row stands for: since the row before, so that rows that are nearly repeated count once; 300 s at the beginning and
 * after a gap of more than 450 s; no time when it is not later than the row before. Bytes are rounded to whole ones row
 * by row and booked in the minute of the timestamp; the sums of a volume are the sums of these. Requests are not counted
 * in these files, and nothing tells the used bytes. Source: the header, and the Grid Workloads Archive.
 */
import {InputError} from '../../core/index.js';
import {decimalsOf, leadingTimeUnit, takeFields} from '../reading/metric-fields.js';
import {putInterval} from '../reading/request-batch.js';
import {OUTCOME, type TraceFormat} from '../reading/trace-format.js';

const SEPARATOR = /;\t?/;
const TIMESTAMP = 'Timestamp [ms]';
const READ = 'Disk read throughput [KB/s]';
const WRITE = 'Disk write throughput [KB/s]';
const NOMINAL_SECONDS = 300;
const GAP_SECONDS = 450;
const KB = 1024;

export const bitbrains: TraceFormat = {
  framing: 'lines',
  summary: 'Bitbrains GWA-T-12: means of 300 s of a virtual machine, `;` and tab between fields',
  volumeFrom: 'input',
  time: 'epoch',
  fits: (lines) => columnsOf(lines[0]) !== undefined,
  open: ({indexOfVolume, inputVolume, firstLines, source}) => {
    const columns = columnsOf(firstLines[0]);
    if (columns === undefined) throw wrongHeader(source);
    const volume = indexOfVolume(inputVolume());
    const unit = leadingTimeUnit(firstLines.slice(1));
    const spans = new RowSpans();
    return {
      headerLines: 1,
      read: (cursor, batch, row) => {
        const values = decimalsOf(cursor, columns.names, takeFields(cursor, SEPARATOR));
        if (values === undefined) return OUTCOME.bad;
        const atUs = Math.round((values[0] ?? 0) * unit.usPerUnit);
        const seconds = spans.secondsBefore(atUs);
        batch.volume[row] = volume;
        batch.atUs[row] = atUs;
        putInterval(batch, row, {
          reads: 0,
          writes: 0,
          trims: 0,
          readBytes: Math.round((values[columns.read] ?? 0) * KB * seconds),
          writeBytes: Math.round((values[columns.write] ?? 0) * KB * seconds),
          usedBytes: Number.NaN,
        });
        return OUTCOME.row;
      },
      remarks: () => [
        `${TIMESTAMP} is read as ${unit.name}; bytes are exact to the means, requests are not counted`,
        ...spans.remarks(),
      ],
    };
  },
};

/** How much time each row stands for. */
class RowSpans {
  private previousUs = Number.NEGATIVE_INFINITY;
  private repeated = 0;
  private gaps = 0;

  secondsBefore(atUs: number): number {
    const seconds = (atUs - this.previousUs) / 1_000_000;
    this.previousUs = atUs;
    if (Math.abs(seconds) <= GAP_SECONDS) {
      if (seconds <= 0) this.repeated += 1;
      return Math.max(0, seconds);
    }
    if (Number.isFinite(seconds)) this.gaps += 1;
    return NOMINAL_SECONDS;
  }

  remarks(): readonly string[] {
    return [
      ...(this.repeated > 0
        ? [`rows not later than the one before, which count nothing: ${this.repeated}`]
        : []),
      ...(this.gaps > 0 ? [`gaps of more than ${GAP_SECONDS} s: ${this.gaps}`] : []),
    ];
  }
}

interface Columns {
  readonly names: readonly string[];
  readonly read: number;
  readonly write: number;
}

/** Where the fields are that count; undefined when they are not all there. */
function columnsOf(header = ''): Columns | undefined {
  const names = header.split(SEPARATOR);
  const columns = {names, read: names.indexOf(READ), write: names.indexOf(WRITE)};
  return names[0] === TIMESTAMP && columns.read > 0 && columns.write > 0 ? columns : undefined;
}

function wrongHeader(source: string): InputError {
  return new InputError('wrong-header', `${source}:1: the header does not name the columns of Bitbrains`, {
    hints: [`it begins with ${TIMESTAMP}, and has ${READ} and ${WRITE}`],
  });
}
