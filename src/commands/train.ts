import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {anomaliesFlag, historyFlags, modelsDirFlag, modelThreadsFlag} from '../flags.js';
import {parseDurationSeconds, parseFlag} from '../lib/core/index.js';
import type {TrainSummary} from '../lib/workflows/train-model.js';

/** `foreshadow train` */
export default class Train extends BaseCommand<typeof Train> {
  static override summary = 'Fit a forecasting model on the shadow store and save it';
  static override description =
    'Each volume by itself: seasonal-naive, naive, drift, theta, damped-holt, ets, arima, mstl-ets, mstl-arima, prophet. One ' +
    'network for all: lstm, gru, mlp, mlp-long. The past of each volume weighted in a way learned from all: npts (values), ' +
    'npts-moves (what they moved by). ensemble: those that together did best on the last horizons; seasonal-naive ' +
    'unless it is beaten; it takes minutes. Only whole steps that had ended at --as-of are used. The end of the history is kept from the fit to measure the errors that the ' +
    'quantiles are made of.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model ets --horizon 7d',
    '<%= config.bin %> <%= command.id %> --model ensemble --metric write-bytes --horizon 2d --seed 7 --out model.json',
  ];
  static override flags = {
    ...historyFlags,
    model: Flags.string({summary: 'which model', default: 'ets', helpValue: 'NAME'}),
    horizon: Flags.string({summary: 'how far it will be asked to see', default: '7d', helpValue: 'DURATION'}),
    anomalies: anomaliesFlag,
    threads: modelThreadsFlag,
    'models-dir': modelsDirFlag,
    out: Flags.string({
      summary: 'model file to write, instead of one in --models-dir under a name of its own',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<TrainSummary & {seconds: number}> {
    const {store, model, granularity, metric, volume, horizon, seed, out} = this.flags;
    const startedMs = performance.now();
    const horizonSeconds = parseFlag('horizon', horizon, parseDurationSeconds, '7d');
    const asOfUs = this.nowUs(this.flags['as-of']);
    const {trainModel} = await import('../lib/workflows/train-model.js');
    const {fitProgress} = await import('../views/fit-progress.js');
    const progress = await this.progress('train');
    const summary = await trainModel({
      ...{storePath: store, model, granularity, metric, volumes: volume, horizonSeconds, asOfUs, seed, out},
      createdAtUs: this.nowUs(undefined),
      ...{threads: this.flags.threads, modelsFolder: this.flags['models-dir']},
      anomaliesPath: this.flags.anomalies,
      tool: this.tool,
      signal: this.signal,
      onProgress: fitProgress(progress),
      onRemark: (text) => {
        this.note(text);
      },
    }).finally(() => {
      progress.stop();
    });
    const result = {...summary, seconds: Number(((performance.now() - startedMs) / 1000).toFixed(2))};
    const {renderTraining} = await import('../views/train-view.js');
    this.print(renderTraining(result));
    return result;
  }
}
