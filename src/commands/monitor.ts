import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {asOfFlag, storeFlag, topologyFlag} from '../flags.js';
import {parseDurationSeconds, parseFlag, parseInstantUs, US_PER_SECOND} from '../lib/core/index.js';
import type {MonitorReport} from '../lib/workflows/monitor-forecasts.js';

/** `foreshadow monitor` */
export default class Monitor extends BaseCommand<typeof Monitor> {
  static override summary = 'Score kept forecasts and plans by what happened: coverage, drift, promises kept';
  static override description =
    'Looks at what "forecast --keep" and "plan --keep" put into the history of the store. A step is scored once, when it has ' +
    'ended. Tells coverage, bias and sharpness by granularity, volume class and risk boundary, whether the model drifts, ' +
    'whether a challenger should replace the champion, and how far plans kept what they promised. Exits with 4 when there ' +
    'is drift, or more of a promise was broken than its level allows. The same run again changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 14d --json',
    '<%= config.bin %> <%= command.id %> --plan plan.json --topology cluster.yaml',
    '<%= config.bin %> <%= command.id %> --since 2026-10-01 --as-of 2026-10-31 --false-alarm 365',
  ];
  static override flags = {
    store: storeFlag,
    since: Flags.string({
      summary:
        'tell scores and promises since this time, or so long before now; tests go by the whole history',
      default: '28d',
      helpValue: 'TIME|DURATION',
    }),
    plan: Flags.string({
      summary:
        'judge this plan, as if it had been applied, instead of those that were kept; needs --topology',
      helpValue: 'FILE',
    }),
    topology: topologyFlag,
    'false-alarm': Flags.integer({
      summary: 'at most one false alarm of drift in so many nights, for each granularity and metric',
      default: 1000,
      min: 10,
      helpValue: 'NIGHTS',
    }),
    'as-of': asOfFlag,
  };

  async run(): Promise<MonitorReport> {
    const {flags} = this;
    const asOfUs = this.nowUs(flags['as-of']);
    const {monitorForecasts} = await import('../lib/workflows/monitor-forecasts.js');
    const progress = await this.progress('monitor');
    const report = await monitorForecasts({
      ...{storePath: flags.store, planPath: flags.plan, topologyPath: flags.topology},
      ...{asOfUs, createdAtUs: asOfUs, tool: this.tool, nightsPerFalseAlarm: flags['false-alarm']},
      sinceUs: parseFlag('since', flags.since, (text) => parseSince(text, asOfUs), '14d'),
      signal: this.signal,
      onProgress: ({done, total}) => {
        progress.update(`forecast ${done + 1} of ${total}`);
      },
    }).finally(() => {
      progress.stop();
    });
    const {renderMonitor} = await import('../views/monitor-view.js');
    this.print(await renderMonitor(report));
    if (!report.passed) process.exitCode = 4;
    return report;
  }
}

/** A time, or a duration before now. */
function parseSince(text: string, nowUs: number): number | undefined {
  const seconds = parseDurationSeconds(text);
  return seconds === undefined ? parseInstantUs(text) : nowUs - seconds * US_PER_SECOND;
}
