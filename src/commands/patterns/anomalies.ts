import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {asOfFlag, granularityFlag, metricFlag, storeFlag, volumeFlag} from '../../flags.js';
import type {AnomaliesSummary} from '../../lib/workflows/find-anomalies.js';

/** `foreshadow patterns anomalies` */
export default class PatternsAnomalies extends BaseCommand<typeof PatternsAnomalies> {
  static override summary = 'Find what was out of the ordinary: spikes, drops, shifts, odd hours, silence';
  static override description =
    'Kinds: spike, drop, level-shift, changed-rhythm, unusual-hour, silence (the volume does nothing) and log-silence (nothing is ' +
    'known of it). Of used bytes the growth by step is judged. What many volumes have at once is told as an event of the fleet. Each step is judged by all of the history, or with --online ' +
    'by what was known at the time. --rules says what counts, by class of volumes; what people said by "patterns label" overrides both. ' +
    'The file that --out writes marks stretches for train, forecast and evaluate (--anomalies).';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --metric write-bytes',
    '<%= config.bin %> <%= command.id %> --metric used-bytes --online --rules rules.json --out anomalies.json',
  ];
  static override flags = {
    store: storeFlag,
    granularity: granularityFlag,
    metric: metricFlag,
    volume: volumeFlag,
    online: Flags.boolean({summary: 'judge each step by what was known at the time', default: false}),
    rules: Flags.string({
      summary:
        'JSON file of what counts: {"classes": [{"volumes": "db-*", "kinds": ["spike"], "leastSeverity": "major", "leastLength": "2h"}]}; the first class that matches holds',
      helpValue: 'FILE',
    }),
    labels: Flags.string({
      summary: 'file of labels, instead of the one beside the store',
      helpValue: 'FILE',
    }),
    out: Flags.string({summary: 'anomalies file to write', helpValue: 'FILE'}),
    csv: Flags.string({summary: 'CSV file to write', helpValue: 'FILE'}),
    'as-of': asOfFlag,
  };

  async run(): Promise<AnomaliesSummary> {
    const {store, granularity, metric, volume, online, rules, labels, out, csv} = this.flags;
    const {findAnomalies} = await import('../../lib/workflows/find-anomalies.js');
    const {createTimeLeft} = await import('../../views/time-left.js');
    const progress = await this.progress('anomalies');
    const timeLeft = createTimeLeft();
    const summary = await findAnomalies({
      ...{storePath: store, granularity, metric, volumes: volume, out, csv},
      ...{mode: online ? 'online' : 'batch', rulesPath: rules, labelsPath: labels},
      ...{asOfUs: this.nowUs(this.flags['as-of']), createdAtUs: this.nowUs(undefined), tool: this.tool},
      signal: this.signal,
      onProgress: ({done, total}) => {
        progress.update(`volume ${done} of ${total}${timeLeft(done, total)}`);
      },
    }).finally(() => {
      progress.stop();
    });
    const {renderAnomalies} = await import('../../views/anomalies-view.js');
    this.print(await renderAnomalies(summary));
    return summary;
  }
}
