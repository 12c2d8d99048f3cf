import {Args} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {shardFlag} from '../../flags.js';
import type {CopyReport} from '../../lib/workflows/copy-store.js';
import {tellStoreAccess} from '../../store-access.js';

/** `foreshadow store copy` */
export default class StoreCopyCommand extends BaseCommand<typeof StoreCopyCommand> {
  static override summary =
    'Copy a shadow store into another: from a folder into ClickHouse, back, or between two of a kind';
  static override description = `Batch by batch, with footprints, rejected rows and the knowledge of what was ingested. What is there already is passed
over, so that a copy that was stopped goes on when it is given again, and one that is given later brings what is new. A
batch whose rows are not what its manifest says is not copied.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> foreshadow-store clickhouse://localhost:8123/foreshadow',
    '<%= config.bin %> <%= command.id %> clickhouse://localhost:8123/foreshadow copy-of-store',
  ];
  static override args = {
    from: Args.string({description: 'store to read', required: true, parse: tellStoreAccess}),
    to: Args.string({description: 'store to write to', required: true, parse: tellStoreAccess}),
  };
  static override flags = {shard: shardFlag};

  async run(): Promise<CopyReport> {
    const {from, to} = this.args;
    const {copyStore} = await import('../../lib/workflows/copy-store.js');
    const {mergeProgress, renderCopy} = await import('../../views/maintenance-view.js');
    const progress = await this.progress('copy');
    const report = await copyStore({
      ...{from, to, shard: this.flags.shard, tool: this.tool, signal: this.signal},
      nowUs: this.nowUs(undefined),
      clockUs: () => this.nowUs(undefined),
      onRemark: (text) => {
        this.note(text);
      },
      onProgress: mergeProgress(progress),
    }).finally(() => {
      progress.stop();
    });
    this.print(renderCopy(report));
    return report;
  }
}
