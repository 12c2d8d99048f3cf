/**
 * Tencent Cloud Volume Dataset (2025), folder `disk_load_data`, one file a disk, named after it: a row for each 300 s,
 *
 *   timestamp,read_IOPS,read_bandwidth,write_IOPS,write_bandwidth,disk_usage
 *   1593748800,0.5,4.25,12.3,151.0,10240
 *
 * timestamp since 1970, UTC: documented as microseconds, in its own example seconds; its magnitude tells. IOPS a second,
 * bandwidth in KB/s, disk_usage in MB, taken to be of 1024 and 1024^2 bytes. A rate is the mean of 300 s: requests and
 * bytes are the rate times 300, rounded to whole ones row by row and booked in the minute of the timestamp; the sums of
 * a volume are the sums of these. disk_usage is a usage sample at the timestamp. A header with these names is passed
 * over. Source: README of github.com/Tencent/Cloud-Volume-Workload-Traces.
 */
import {decimalsOf, leadingTimeUnit, takeFields} from '../reading/metric-fields.js';
import {putInterval} from '../reading/request-batch.js';
import {mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';

const HEADER = 'timestamp,read_IOPS,read_bandwidth,write_IOPS,write_bandwidth,disk_usage';
const NAMES = HEADER.split(',');
const ROW = /^\d{9,16}(?:,\d+(?:\.\d+)?(?:[eE][+-]?\d+)?){5}$/;
const INTERVAL_SECONDS = 300;
const KB = 1024;
const MB = 1024 * 1024;

export const tencentCvd: TraceFormat = {
  framing: 'lines',
  summary: 'Tencent CVD 2025: timestamp,read_IOPS,read_bandwidth,write_IOPS,write_bandwidth,disk_usage',
  volumeFrom: 'input',
  time: 'epoch',
  fits: (lines) => lines[0] === HEADER || mostMatch(lines, ROW),
  open: ({indexOfVolume, inputVolume, firstLines}) => {
    const volume = indexOfVolume(inputVolume());
    const unit = leadingTimeUnit(firstLines);
    return {
      headerLines: firstLines[0] === HEADER ? 1 : 0,
      read: (cursor, batch, row) => {
        const values = decimalsOf(cursor, NAMES, takeFields(cursor, ','));
        if (values === undefined) return OUTCOME.bad;
        const [timestamp = 0, readRate = 0, readKb = 0, writeRate = 0, writeKb = 0, usedMb = 0] = values;
        batch.volume[row] = volume;
        batch.atUs[row] = Math.round(timestamp * unit.usPerUnit);
        putInterval(batch, row, {
          reads: Math.round(readRate * INTERVAL_SECONDS),
          writes: Math.round(writeRate * INTERVAL_SECONDS),
          trims: 0,
          readBytes: Math.round(readKb * KB * INTERVAL_SECONDS),
          writeBytes: Math.round(writeKb * KB * INTERVAL_SECONDS),
          usedBytes: Math.round(usedMb * MB),
        });
        return OUTCOME.row;
      },
      remarks: () => [`timestamp is read as ${unit.name}, KB and MB as 1024 and 1024^2 bytes`],
    };
  },
};
