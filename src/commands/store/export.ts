import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import {parseDurationSeconds, parseFlag, parseInstantUs, UsageError} from '../../lib/core/index.js';
import type {StoreExportReport} from '../../lib/workflows/export-store.js';

/** `foreshadow store export` */
export default class StoreExportCommand extends BaseCommand<typeof StoreExportCommand> {
  static override summary =
    'Write what the shadow store holds as CSV or Parquet: stored rows, or regular steps';
  static override description = `Stored rows (the default), one a volume and step in which something was: volume, start_us (epoch microseconds), reads,
writes, trims, read_bytes, write_bytes, footprint_growth_bytes, and the last usage sample in the step: used_bytes,
used_at_us.

Regular steps (--step, --sum), one a volume and step with nothing left out: volume, start_us, coverage, the same sums,
and used_bytes at the end of the step. coverage is the share of the step for which there is a log of the volume: where
it is 0 the sums are empty, because no log is not the same as no request, and used_bytes is carried on from before.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --granularity hourly --out hourly.csv',
    '<%= config.bin %> <%= command.id %> --format parquet --volume db-1 --from 2026-11-01 --out db-1.parquet',
    '<%= config.bin %> <%= command.id %> --step 15m --volume db-1',
    '<%= config.bin %> <%= command.id %> --step 1h --volumes-from rack-a.txt --sum rack-a',
  ];
  static override flags = {
    store: storeFlag,
    format: Flags.option({options: ['csv', 'parquet'] as const, summary: 'file format', default: 'csv'})(),
    granularity: Flags.option({
      options: ['minutely', 'hourly'] as const,
      summary: 'length of a step',
      default: 'minutely',
    })(),
    step: Flags.string({
      summary: 'regular steps of this many whole minutes instead of stored rows',
      helpValue: 'DURATION',
    }),
    sum: Flags.string({
      summary: 'add the volumes up under this name, in regular steps (of --granularity without --step)',
      helpValue: 'NAME',
    }),
    volume: Flags.string({
      summary: 'only this volume; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'volumes-from': Flags.string({
      summary: 'only the volumes that a file names, one a line, such as those of a risk boundary',
      helpValue: 'FILE',
    }),
    from: Flags.string({summary: 'only rows that start at this time or later', helpValue: 'TIME'}),
    to: Flags.string({summary: 'only rows that start before this time', helpValue: 'TIME'}),
    out: Flags.string({summary: 'file to write, - for standard output', default: '-', helpValue: 'FILE'}),
  };

  async run(): Promise<StoreExportReport> {
    const {store, format, granularity, sum: sumAs, out} = this.flags;
    if (out === '-') this.refuseStdout(format);
    const stored = granularity === 'minutely' ? 60 : 3600;
    const stepSeconds = this.stepSeconds(stored);
    const {exportStore} = await import('../../lib/workflows/export-store.js');
    const {stdoutWriter} = await import('../../views/stdout-writer.js');
    const {tmpdir} = await import('node:os');
    const range = {
      volumes: await this.volumes(),
      fromUs: instantOf('from', this.flags.from),
      toUs: instantOf('to', this.flags.to),
    };
    const report = await exportStore({
      storePath: store,
      query:
        stepSeconds === undefined
          ? {...range, format, granularity: stored}
          : {...range, format, stepSeconds, sumAs},
      out: out === '-' ? stdoutWriter() : out,
      scratchFolder: tmpdir(),
    });
    this.note(`${report.rows} rows written`);
    return report;
  }

  /** Undefined for stored rows. */
  private stepSeconds(stored: number): number | undefined {
    const {step, sum: sumAs} = this.flags;
    if (step === undefined) return sumAs === undefined ? undefined : stored;
    return parseFlag('step', step, parseWholeMinutes, '15m');
  }

  private async volumes(): Promise<readonly string[] | undefined> {
    const {volume, 'volumes-from': file} = this.flags;
    if (file === undefined) return volume;
    const {readVolumeNames} = await import('../../lib/workflows/export-store.js');
    return [...(volume ?? []), ...(await readVolumeNames(file))];
  }

  private refuseStdout(format: string): void {
    const toTerminal = format === 'parquet' && process.stdout.isTTY;
    if (!toTerminal && !this.jsonEnabled()) return;
    const why = toTerminal ? 'Parquet is not for a terminal' : '--json needs standard output for itself';
    throw new UsageError('bad-out', why, {hints: ['add --out FILE']});
  }
}

function instantOf(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseFlag(flag, text, parseInstantUs, '2026-11-23T00:00:00Z');
}

function parseWholeMinutes(text: string): number | undefined {
  const seconds = parseDurationSeconds(text);
  return seconds === undefined || seconds % 60 !== 0 ? undefined : seconds;
}
