import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {keepOldFlag, storeFlag} from '../../flags.js';
import {parseBytes, parseDurationSeconds, parseFlag} from '../../lib/core/index.js';
import type {CompactReport} from '../../lib/shadow-store/index.js';

/** `foreshadow store compact` */
export default class StoreCompactCommand extends BaseCommand<typeof StoreCompactCommand> {
  static override summary =
    'Merge small batches of the shadow store into one, so that reading opens fewer files';
  static override description = `What is read stays the same, and what was ingested is still known. Stopped at any moment, even by a power cut, the
store is as it was or compacted. Readers are never held up: the old files stay for those that opened the store before,
until the first writer (ingest, compact, prune) that comes when --keep-old is over.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --smaller-than 1GiB --keep-old 1h',
  ];
  static override flags = {
    store: storeFlag,
    'smaller-than': Flags.string({
      summary: 'merge batches whose series are smaller than this',
      default: '64MiB',
      helpValue: 'SIZE',
    }),
    'keep-old': keepOldFlag,
  };

  async run(): Promise<CompactReport> {
    const {store, 'smaller-than': size, 'keep-old': keepOld} = this.flags;
    const smallerThanBytes = parseFlag('smaller-than', size, parseBytes, '64MiB');
    const keepOldSeconds = parseFlag('keep-old', keepOld, parseDurationSeconds, '10m');
    const {compactStore} = await import('../../lib/workflows/maintain-store.js');
    const {mergeProgress, renderCompaction} = await import('../../views/maintenance-view.js');
    const progress = await this.progress('compact');
    const maintenance = {
      ...{
        storePath: store,
        nowUs: this.nowUs(undefined),
        clockUs: () => this.nowUs(undefined),
        tool: this.tool,
        keepOldSeconds,
        signal: this.signal,
      },
      onRemark: (text: string): void => {
        this.note(text);
      },
      onProgress: mergeProgress(progress),
    };
    const report = await compactStore(maintenance, smallerThanBytes).finally(() => {
      progress.stop();
    });
    this.print(renderCompaction(report, keepOldSeconds));
    return report;
  }
}
