import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {
  anomaliesFlag,
  historyFlags,
  levelsFlag,
  modelFileFlag,
  modelsDirFlag,
  modelThreadsFlag,
  parseLevels,
  parseShard,
  topologyFlag,
} from '../flags.js';
import {parseDurationSeconds, parseFlag, UsageError} from '../lib/core/index.js';
import type {ForecastSource, ForecastSummary} from '../lib/workflows/forecast-series.js';

/** `foreshadow forecast` */
export default class Forecast extends BaseCommand<typeof Forecast> {
  static override summary = 'Foresee what volumes will hold or do, with quantiles';
  static override description =
    'With --model-file, metric, granularity and horizon are those that the model was trained for, and a file that does not ' +
    'match what is asked, or was changed, is refused; otherwise --model is fitted now. --topology adds what each risk boundary will hold, ' +
    'all its replicas together, with quantiles of the sum. Times are UTC; only whole steps that had ended at --as-of are looked at.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model-file latest --metric write-bytes --levels 0.1,0.5,0.9',
    '<%= config.bin %> <%= command.id %> --model-file model.json --shard 1/4 --out part-1.csv',
    '<%= config.bin %> <%= command.id %> --model-file latest --adapt --topology cluster.yaml',
    '<%= config.bin %> <%= command.id %> --model seasonal-naive --horizon 14d --volume db-1 --out -',
    '<%= config.bin %> <%= command.id %> --model-file latest --topology cluster.yaml --keep',
    '<%= config.bin %> <%= command.id %> --model-file mstl-ets --keep --role challenger',
  ];
  static override flags = {
    ...historyFlags,
    'model-file': modelFileFlag,
    'models-dir': modelsDirFlag,
    model: Flags.string({summary: 'model to fit now (ets)', helpValue: 'NAME'}),
    anomalies: anomaliesFlag,
    adapt: Flags.boolean({
      summary: 'move the levels by how often they were kept since the model file was trained',
    }),
    topology: topologyFlag,
    'boundaries-out': Flags.string({
      summary: 'CSV or .parquet file of what the risk boundaries of --topology hold together',
      dependsOn: ['topology'],
      helpValue: 'FILE',
    }),
    keep: Flags.boolean({
      summary: 'keep it in the history of the store: monitor scores it when the truth is there',
    }),
    role: Flags.option({
      options: ['champion', 'challenger'] as const,
      summary: 'what it is kept as: planned by (champion), or tried beside that',
      dependsOn: ['keep'],
    })(),
    horizon: Flags.string({summary: "how far to see (the model file's, or 7d)", helpValue: 'DURATION'}),
    levels: levelsFlag,
    threads: modelThreadsFlag,
    shard: Flags.string({
      summary: 'only part I of N of the volumes, for as many jobs; join them with forecast merge',
      dependsOn: ['model-file'],
      helpValue: 'I/N',
    }),
    out: Flags.string({summary: 'CSV or .parquet file to write, - for standard output', helpValue: 'FILE'}),
  };

  async run(): Promise<ForecastSummary> {
    const {store, volume, horizon, levels, out} = this.flags;
    if (out === '-' && this.jsonEnabled()) {
      throw new UsageError('bad-out', '--json wants standard output for itself', {hints: ['--out FILE']});
    }
    const {forecastSeries} = await import('../lib/workflows/forecast-series.js');
    const {fitProgress} = await import('../views/fit-progress.js');
    const progress = await this.progress('forecast');
    const {summary, csv} = await forecastSeries({
      ...{storePath: store, volumes: volume, source: this.source(), signal: this.signal},
      horizonSeconds:
        horizon === undefined ? undefined : parseFlag('horizon', horizon, parseDurationSeconds, '7d'),
      levels: parseFlag('levels', levels, parseLevels, '0.1,0.5,0.9'),
      asOfUs: this.nowUs(this.flags['as-of']),
      ...{out: out === '-' ? undefined : out, threads: this.flags.threads},
      shard:
        this.flags.shard === undefined ? undefined : parseFlag('shard', this.flags.shard, parseShard, '1/4'),
      ...{anomaliesPath: this.flags.anomalies, adapt: this.flags.adapt, topologyPath: this.flags.topology},
      boundariesOut: this.flags['boundaries-out'],
      keep: this.flags.keep
        ? {
            role: this.flags.role ?? 'champion',
            tool: this.tool,
            createdAtUs: this.nowUs(this.flags['as-of']),
          }
        : undefined,
      onProgress: fitProgress(progress),
    }).finally(() => {
      progress.stop();
    });
    const {renderForecast} = await import('../views/forecast-view.js');
    for (const warning of summary.warnings) this.note(`warning: ${warning}`);
    this.print(out === '-' ? csv.trimEnd() : await renderForecast(summary));
    return summary;
  }

  private source(): ForecastSource {
    const {model = 'ets', granularity, metric, seed} = this.flags;
    const {'model-file': name, 'models-dir': modelsFolder} = this.flags;
    if (name === undefined) return {kind: 'fit', model, granularity, metric, seed};
    const asked = {
      ...(this.isGiven('granularity') && {granularity}),
      ...(this.isGiven('metric') && {metric}),
    };
    return {kind: 'file', choice: {name, modelsFolder, granularity, metric, asked}};
  }
}
