import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {keepOldFlag, storeFlag} from '../../flags.js';
import {
  parseDurationSeconds,
  parseFlag,
  parseInstantUs,
  US_PER_SECOND,
  UsageError,
} from '../../lib/core/index.js';
import type {PruneReport} from '../../lib/shadow-store/index.js';

/** `foreshadow store prune` */
export default class StorePruneCommand extends BaseCommand<typeof StorePruneCommand> {
  static override summary = 'Remove rows of the shadow store that are older than a retention';
  static override description = `Footprints and used bytes stay right: what the removed rows add up to is kept for each volume. What was ingested is
still known, so that ingesting it again changes nothing. The time is rounded down to a whole hour, and the newest hour
always stays. With --granularity 1m only the minutes go, and longer steps are still told from
the hours. Stopped at any moment, the store is as it was or pruned; the old files stay on disk until the first writer
that comes when --keep-old is over.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --older-than 90d --dry-run',
    '<%= config.bin %> <%= command.id %> --older-than 30d --granularity 1m',
    '<%= config.bin %> <%= command.id %> --before 2026-01-01',
  ];
  static override flags = {
    store: storeFlag,
    'older-than': Flags.string({
      summary: 'remove rows that start longer ago than this',
      helpValue: 'DURATION',
      exclusive: ['before'],
    }),
    before: Flags.string({summary: 'remove rows that start before this time', helpValue: 'TIME'}),
    granularity: Flags.option({
      options: ['all', '1m'] as const,
      summary: 'remove minutes and hours, or only the minutes',
      default: 'all',
    })(),
    'dry-run': Flags.boolean({summary: 'tell what would go, and change nothing'}),
    'keep-old': keepOldFlag,
  };

  async run(): Promise<PruneReport> {
    const {store, granularity, 'dry-run': isDryRun, 'keep-old': keepOld} = this.flags;
    const keepOldSeconds = parseFlag('keep-old', keepOld, parseDurationSeconds, '10m');
    const nowUs = this.nowUs(undefined);
    const beforeUs = this.beforeUs(nowUs);
    const {pruneStore} = await import('../../lib/workflows/maintain-store.js');
    const {mergeProgress, renderPruning} = await import('../../views/maintenance-view.js');
    const progress = await this.progress('prune');
    const maintenance = {
      ...{storePath: store, nowUs, tool: this.tool, keepOldSeconds, signal: this.signal},
      clockUs: () => this.nowUs(undefined),
      onRemark: (text: string): void => {
        this.note(text);
      },
      onProgress: mergeProgress(progress),
    };
    const report = await pruneStore(maintenance, {
      ...{beforeUs, isDryRun},
      granularities: granularity === '1m' ? [60] : [60, 3600],
    }).finally(() => {
      progress.stop();
    });
    this.print(renderPruning(report, keepOldSeconds));
    return report;
  }

  private beforeUs(nowUs: number): number {
    const {'older-than': olderThan, before} = this.flags;
    if (before !== undefined) return parseFlag('before', before, parseInstantUs, '2026-11-23T00:00:00Z');
    if (olderThan === undefined) {
      throw new UsageError('no-bound', 'a time is needed before which rows are removed', {
        hints: ['--older-than 90d', '--before 2026-01-01'],
      });
    }
    return nowUs - parseFlag('older-than', olderThan, parseDurationSeconds, '90d') * US_PER_SECOND;
  }
}
