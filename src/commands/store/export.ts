import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import {parseFlag, parseInstantUs, UsageError} from '../../lib/core/index.js';
import type {StoreExportReport} from '../../lib/workflows/export-store.js';

/** `foreshadow store export` */
export default class StoreExportCommand extends BaseCommand<typeof StoreExportCommand> {
  static override summary = 'Write the rows of the shadow store as CSV or Parquet';
  static override description =
    'One row a volume and step, sorted: volume, start_us (epoch microseconds), reads, writes, trims, read_bytes, ' +
    'write_bytes, footprint_growth_bytes, and the last usage sample in the step: used_bytes, used_at_us.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --granularity hourly --out hourly.csv',
    '<%= config.bin %> <%= command.id %> --format parquet --volume db-1 --from 2026-11-01 --out db-1.parquet',
  ];
  static override flags = {
    store: storeFlag,
    format: Flags.option({options: ['csv', 'parquet'] as const, summary: 'file format', default: 'csv'})(),
    granularity: Flags.option({
      options: ['minutely', 'hourly'] as const,
      summary: 'length of a step',
      default: 'minutely',
    })(),
    volume: Flags.string({
      summary: 'only this volume; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
    }),
    from: Flags.string({summary: 'only rows that start at this time or later', helpValue: 'TIME'}),
    to: Flags.string({summary: 'only rows that start before this time', helpValue: 'TIME'}),
    out: Flags.string({summary: 'file to write, - for standard output', default: '-', helpValue: 'FILE'}),
  };

  async run(): Promise<StoreExportReport> {
    const {store, format, granularity, volume, from, to, out} = this.flags;
    if (out === '-') this.refuseStdout(format);
    const {exportStore} = await import('../../lib/workflows/export-store.js');
    const {stdoutWriter} = await import('../../views/stdout-writer.js');
    const {tmpdir} = await import('node:os');
    const [fromUs, toUs] = [instantOf('from', from), instantOf('to', to)];
    const report = await exportStore({
      storePath: store,
      query: {format, granularity: granularity === 'minutely' ? 60 : 3600, volumes: volume, fromUs, toUs},
      out: out === '-' ? stdoutWriter() : out,
      scratchFolder: tmpdir(),
    });
    this.note(`${report.rows} rows written`);
    return report;
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
