import {type Command, Flags} from '@oclif/core';

import {BaseCommand} from './base-command.js';
import {UsageError} from './lib/core/index.js';
import type {ImportSource, TopologyImport} from './lib/workflows/import-topology.js';

/** What every `topology import` has. */
export const importFlags = {
  out: Flags.string({summary: 'YAML file to write, - for standard output', default: '-', helpValue: 'FILE'}),
  usage: Flags.string({
    summary: 'also write what volumes use, as CSV that ingest reads',
    helpValue: 'FILE',
  }),
  'as-of': Flags.string({
    summary:
      'when the input was taken (ISO 8601): the time of the usage samples, where the input does not say it',
    helpValue: 'TIME',
  }),
};

/** The same for every source; findings go beside a topology that is printed. */
export abstract class ImportCommand<T extends typeof Command> extends BaseCommand<T> {
  protected async importFrom(
    source: ImportSource,
    flags: {readonly out: string; readonly usage: string | undefined; readonly 'as-of': string | undefined},
  ): Promise<TopologyImport> {
    const isPrinted = flags.out === '-';
    if (isPrinted && this.jsonEnabled()) {
      throw new UsageError('bad-out', '--json wants standard output for itself', {hints: ['--out FILE']});
    }
    const {importTopology} = await import('./lib/workflows/import-topology.js');
    const {renderTopologyImport} = await import('./views/topology-import-view.js');
    const progress = await this.progress('topology import');
    const {summary, yaml} = await importTopology({
      source,
      out: isPrinted ? undefined : flags.out,
      usageOut: flags.usage,
      asOfUs: flags['as-of'] === undefined ? undefined : this.nowUs(flags['as-of']),
      tool: this.tool,
    }).finally(() => {
      progress.stop();
    });
    const told = await renderTopologyImport(summary);
    if (isPrinted) this.note(told);
    this.print(isPrinted ? yaml.trimEnd() : told);
    if (summary.errorCount > 0) process.exitCode = 4;
    return summary;
  }
}
