import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import type {MergedForecast} from '../../lib/workflows/merge-forecast-files.js';

/** `foreshadow forecast merge` */
export default class ForecastMerge extends BaseCommand<typeof ForecastMerge> {
  static override summary = 'Join the forecasts of shards into one file';
  static override description =
    'Every shard once, all made with the same model file, time, horizon and levels: what differs, is missing or is there twice ' +
    'is refused by its number (each shard says in its last column, which the result does not have, which one it is of what). ' +
    'The result is the one that a forecast without --shard gives.';
  static override examples = [
    '<%= config.bin %> forecast --model-file model.json --shard 1/2 --out part-1.csv',
    '<%= config.bin %> <%= command.id %> part-1.csv part-2.csv --out forecast.parquet',
  ];
  static override args = {
    files: Args.string({description: 'CSV or Parquet files of shards', required: true, multiple: true}),
  };
  static override flags = {
    out: Flags.string({summary: 'file to write, CSV or .parquet', required: true, helpValue: 'FILE'}),
  };

  async run(): Promise<MergedForecast> {
    const {mergeForecastFiles} = await import('../../lib/workflows/merge-forecast-files.js');
    const merged = await mergeForecastFiles(this.args.files, this.flags.out);
    this.print(`${merged.volumes} volumes of ${merged.files} files in ${merged.out}`);
    return merged;
  }
}
