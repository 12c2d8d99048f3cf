import {acrossSeries} from '../across-series.js';
import {mlpNet} from '../neural/mlp-net.js';

/** See `mlpNet`. */
export const mlpLong = acrossSeries({
  name: 'mlp-long',
  summary: 'two hidden layers over two weeks, learned across all series',
  kind: mlpNet,
  hiddenUnits: 256,
  mostPatches: 14,
  batchRows: 256,
  epochs: 20,
  mostRounds: 2000,
  rate: 0.002,
});
