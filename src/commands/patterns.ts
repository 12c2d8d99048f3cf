import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {historyFlags, topologyFlag} from '../flags.js';
import {parseFlag, parseTimeZone} from '../lib/core/index.js';
import type {PatternsSummary} from '../lib/workflows/patterns-summary.js';

/** `foreshadow patterns` */
export default class Patterns extends BaseCommand<typeof Patterns> {
  static override summary = 'Find the seasons of volumes, how they grow, and when they are full';
  static override description =
    'Seasons are daily, weekly, monthly, yearly, four- and 52-weekly, or of any other length; each needs two whole cycles, and noise ' +
    'passes for one in a thousand. Growth is that of the time since the last change, with an interval of 90 %; used bytes ' +
    'are set against the size of the volume. --topology adds its hosts and risk boundaries, all replicas on them together, against ' +
    'the fill limit. Only whole steps that had ended at --as-of are looked at.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --metric write-bytes --time-zone Europe/Berlin',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --csv patterns.csv --plot patterns.svg',
    '<%= config.bin %> <%= command.id %> --volume db-1 --granularity daily --json',
  ];
  static override flags = {
    ...historyFlags,
    topology: topologyFlag,
    'time-zone': Flags.string({
      summary: 'place whose clocks days, weeks, months and years are told by',
      default: 'UTC',
      helpValue: 'ZONE',
    }),
    csv: Flags.string({summary: 'CSV file of everything found to write', helpValue: 'FILE'}),
    plot: Flags.string({summary: 'SVG picture of the first 40 to write', helpValue: 'FILE'}),
  };

  async run(): Promise<PatternsSummary> {
    const {store, granularity, metric, volume, seed, topology, csv, plot} = this.flags;
    const {findPatterns} = await import('../lib/workflows/find-patterns.js');
    const {patternsProgress, renderPatterns} = await import('../views/patterns-view.js');
    const progress = await this.progress('patterns');
    const summary = await findPatterns({
      ...{storePath: store, granularity, metric, volumes: volume, seed, topologyPath: topology, csv, plot},
      zone: parseFlag('time-zone', this.flags['time-zone'], parseTimeZone, 'Europe/Berlin'),
      asOfUs: this.nowUs(this.flags['as-of']),
      signal: this.signal,
      onProgress: patternsProgress(progress),
    }).finally(() => {
      progress.stop();
    });
    this.print(await renderPatterns(summary));
    return summary;
  }
}
