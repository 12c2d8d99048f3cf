/**
 * DiskSim's ascii traces, as the simulators MQSim and SSDsim take them: one request a line, fields separated by blanks,
 *
 *   938513000 4 264719034 16 0
 *
 * arrival time, device, first sector, sectors of 512 bytes, flag (1 read, 0 write, opposite to other traces). Times are
 * relative. DiskSim's own are ms with a fraction, those of MQSim and SSDsim whole ns: whole numbers are ns when the
 * first rows are at least 100 ns apart in the mean, and ms when they are at most 10 s apart; when both hold,
 * --time-unit must say. The volume is called by its device number. Sources: DiskSim 4.0 manual, CMU-SAFARI/MQSim.
 */
import {InputError} from '../../core/index.js';
import {BYTE, wordsOf} from '../reading/row-cursor.js';
import {OP} from '../reading/request-batch.js';
import {SECTOR_BYTES} from '../reading/scsi-commands.js';
import {TIME_UNIT_NAMES, type TimeUnit, timeReader} from '../reading/time-unit.js';
import {type FormatOptions, mostMatch, OUTCOME, type TraceFormat} from '../reading/trace-format.js';

const ROW = /^ *(\d+(\.\d+)?) +\d+ +\d+ +\d+ +[01] *$/;
const FLAGS = wordsOf({1: OP.read, 0: OP.write});
const SHORTEST_GAP_NS = 100;
const LONGEST_GAP_MS = 10_000;

export const disksim: TraceFormat = {
  framing: 'lines',
  summary:
    'DiskSim ascii (MQSim, SSDsim): time (ns, or ms with a fraction), device, sector, sectors, 1 = read',
  volumeFrom: 'row',
  time: 'relative',
  heeds: ['timeUnit'],
  fits: (lines) => mostMatch(lines, ROW),
  open: (options) => {
    const unit = options.readings.timeUnit ?? sniffUnit(options);
    const readTime = timeReader(unit);
    const volumes = new Map<number, number>();
    const device = new Float64Array(1);
    return {
      headerLines: 0,
      read: (cursor, batch, row) => {
        cursor.skipBlanks();
        const isRow =
          readTime(cursor, 'time', BYTE.space, batch.atUs, row) &&
          cursor.readNext('device', device, 0) &&
          cursor.readNext('sector', batch.offsetBytes, row) &&
          cursor.readNext('sectors', batch.lengthBytes, row) &&
          cursor.readLastWord('flag', FLAGS, batch.op, row);
        if (!isRow) return OUTCOME.bad;
        batch.volume[row] = volumeOf(device[0] ?? 0, volumes, options);
        batch.offsetBytes[row] = (batch.offsetBytes[row] ?? 0) * SECTOR_BYTES;
        batch.lengthBytes[row] = (batch.lengthBytes[row] ?? 0) * SECTOR_BYTES;
        return OUTCOME.row;
      },
      remarks: () => [`times are read as ${TIME_UNIT_NAMES[unit]}`],
    };
  },
};

function volumeOf(device: number, volumes: Map<number, number>, {indexOfVolume}: FormatOptions): number {
  const known = volumes.get(device);
  if (known !== undefined) return known;
  const volume = indexOfVolume(String(device));
  volumes.set(device, volume);
  return volume;
}

/** Throws InputError with both readings when the first lines do not tell. */
function sniffUnit({firstLines, source}: FormatOptions): TimeUnit {
  const rows = timesOf(firstLines);
  if (rows.some(({hasFraction}) => hasFraction)) return 'ms';
  const times = rows.map(({time}) => time);
  if (times.length === 0) return 'ns';
  const span = Math.max(...times) - Math.min(...times);
  const gap = span / Math.max(1, times.length - 1);
  const mayBeNs = gap >= SHORTEST_GAP_NS;
  const mayBeMs = gap <= LONGEST_GAP_MS;
  if (span > 0 && mayBeNs !== mayBeMs) return mayBeNs ? 'ns' : 'ms';
  throw new InputError(
    'ambiguous-time',
    `${source}: the unit of the times is in doubt: the first ${times.length} rows span ${span}, which may be nanoseconds (${span / 1e9} s) or milliseconds (${span / 1e3} s)`,
    {hints: ['--time-unit ns', '--time-unit ms']},
  );
}

function timesOf(
  lines: readonly string[],
): readonly {readonly time: number; readonly hasFraction: boolean}[] {
  return lines.flatMap((line) => {
    const [, time, fraction] = ROW.exec(line) ?? [];
    return time === undefined ? [] : [{time: Number(time), hasFraction: fraction !== undefined}];
  });
}
