import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {
  asOfFlag,
  granularityFlag,
  modelFlags,
  parsePlanModel,
  seedFlag,
  storeFlag,
  topologyFlag,
} from '../flags.js';
import {parseDurationSeconds, parseFlag, UsageError} from '../lib/core/index.js';
import type {ReportOptions, ReportSummary} from '../lib/workflows/write-report.js';

const DEFAULT_SECONDS = 14 * 86_400;

/** `foreshadow report` */
export default class Report extends BaseCommand<typeof Report> {
  static override summary =
    'Write one HTML file to look at: buffers, failure scenarios, volumes, anomalies, scores';
  static override description =
    'The file needs no network and no server. Growth, days to full and anomalies are found in the store, or taken from --patterns ' +
    'and --anomalies; --topology adds what each failure would ask for, foreseen by the model; --plan what is held for it. What ' +
    'is not given is left out, and the report says which command makes it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --plan plan.json',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --plan plan.json --replay replay.json --evaluation evaluation.json --monitor monitor.json --out report.html',
    '<%= config.bin %> <%= command.id %> --patterns patterns.json --anomalies anomalies.json --out -',
  ];
  static override flags = {
    store: storeFlag,
    topology: topologyFlag,
    plan: Flags.string({summary: 'plan file to show', helpValue: 'FILE'}),
    replay: Flags.string({summary: 'what "replay --json" printed', helpValue: 'FILE'}),
    evaluation: Flags.string({summary: 'what "evaluate --json" printed', helpValue: 'FILE'}),
    monitor: Flags.string({summary: 'what "monitor --json" printed', helpValue: 'FILE'}),
    patterns: Flags.string({
      summary: 'what "patterns --json" printed of used bytes, instead of finding it again',
      helpValue: 'FILE',
    }),
    anomalies: Flags.string({
      summary: 'what "patterns anomalies --out" wrote, instead of looking for those of used bytes',
      helpValue: 'FILE',
    }),
    ...modelFlags,
    horizon: Flags.string({
      summary: "how far needs are foreseen (the model file's, or 14d)",
      helpValue: 'DURATION',
    }),
    granularity: granularityFlag,
    title: Flags.string({
      summary: 'title of the report',
      default: 'Remirror buffer report',
      helpValue: 'TEXT',
    }),
    out: Flags.string({
      summary: 'HTML file to write, - for standard output',
      default: 'report.html',
      helpValue: 'FILE',
    }),
    seed: seedFlag,
    'as-of': asOfFlag,
  };

  async run(): Promise<ReportSummary> {
    const {flags} = this;
    const isPrinted = flags.out === '-';
    if (isPrinted && this.jsonEnabled()) {
      throw new UsageError('bad-out', '--json wants standard output for itself', {hints: ['--out FILE']});
    }
    const {writeReport} = await import('../lib/workflows/write-report.js');
    const {renderReportSummary, reportProgress} = await import('../views/report-view.js');
    const progress = await this.progress('report');
    const {summary, html} = await writeReport({
      ...{title: flags.title, storePath: flags.store, topologyPath: flags.topology, planPath: flags.plan},
      ...{patternsPath: flags.patterns, anomaliesPath: flags.anomalies},
      ...{evaluationPath: flags.evaluation, monitorPath: flags.monitor, replayPath: flags.replay},
      ...this.foresight(),
      ...{granularity: flags.granularity, seed: flags.seed, asOfUs: this.nowUs(flags['as-of'])},
      ...{tool: this.tool, out: isPrinted ? undefined : flags.out, signal: this.signal},
      onProgress: reportProgress(progress),
    }).finally(() => {
      progress.stop();
    });
    for (const warning of summary.warnings) this.note(`warning: ${warning}`);
    this.print(isPrinted ? html.trimEnd() : renderReportSummary(summary));
    return summary;
  }

  /** With what and how far needs are foreseen. */
  private foresight(): Pick<ReportOptions, 'source' | 'horizonSeconds'> {
    const {horizon, seed} = this.flags;
    const model = parsePlanModel(this.flags, this.isGiven('granularity'));
    const horizonSeconds =
      horizon === undefined ? undefined : parseFlag('horizon', horizon, parseDurationSeconds, '14d');
    if (model.kind === 'file') return {source: model, horizonSeconds};
    return {
      source: {...model, metric: 'used-bytes', seed},
      horizonSeconds: horizonSeconds ?? DEFAULT_SECONDS,
    };
  }
}
