import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {anomaliesFlag, historyFlags, levelsFlag, modelThreadsFlag, parseLevels} from '../flags.js';
import {GRANULARITY_SECONDS, parseDurationSeconds, parseFlag, type Granularity} from '../lib/core/index.js';
import type {Evaluation} from '../lib/workflows/evaluate-models.js';

/** `foreshadow evaluate` */
export default class Evaluate extends BaseCommand<typeof Evaluate> {
  static override summary = 'Backtest forecasting models on the history of the shadow store';
  static override description =
    'At each of --folds past origins, one horizon apart, every model is fitted on what was known then and scored on ' +
    'what came, at each granularity. Best first, by weighted quantile loss (wQL); seasonal-naive is always among them: the one ' +
    'to beat. OWA (against Naive2) and MSIS (of the 95 % interval) are those of the M4 competition.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --models seasonal-naive,ets --horizon 7d --folds 3',
    '<%= config.bin %> <%= command.id %> --models arima,ensemble --granularity hourly,daily --metric write-bytes --json',
  ];
  static override flags = {
    ...historyFlags,
    granularity: Flags.option({
      options: Object.keys(GRANULARITY_SECONDS) as Granularity[],
      summary: 'length of a step; several with commas',
      env: 'FORESHADOW_GRANULARITY',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      default: ['hourly'],
    })(),
    models: Flags.string({summary: 'models to compare', default: 'seasonal-naive,ets', helpValue: 'A,B,...'}),
    horizon: Flags.string({summary: 'length of each forecast', default: '7d', helpValue: 'DURATION'}),
    folds: Flags.integer({summary: 'number of past origins', default: 3, min: 1}),
    levels: levelsFlag,
    anomalies: anomaliesFlag,
    threads: modelThreadsFlag,
    csv: Flags.string({summary: "CSV file of the models' accuracies to write", helpValue: 'FILE'}),
  };

  async run(): Promise<Evaluation> {
    const {store, models, granularity, metric, volume, horizon, folds, levels, seed} = this.flags;
    const {evaluateModels} = await import('../lib/workflows/evaluate-models.js');
    const {evaluationProgress, renderEvaluation} = await import('../views/evaluate-view.js');
    const progress = await this.progress('evaluate');
    const evaluation = await evaluateModels({
      ...{storePath: store, granularities: granularity, metric, volumes: volume, folds, seed},
      models: models.split(',').map((name) => name.trim()),
      horizonSeconds: parseFlag('horizon', horizon, parseDurationSeconds, '7d'),
      levels: parseFlag('levels', levels, parseLevels, '0.1,0.5,0.9'),
      asOfUs: this.nowUs(this.flags['as-of']),
      ...{signal: this.signal, threads: this.flags.threads, csv: this.flags.csv},
      anomaliesPath: this.flags.anomalies,
      onProgress: evaluationProgress(progress, folds),
    }).finally(() => {
      progress.stop();
    });
    this.print(await renderEvaluation(evaluation));
    return evaluation;
  }
}
