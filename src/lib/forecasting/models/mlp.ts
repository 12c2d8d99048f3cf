import {acrossSeries} from '../across-series.js';
import {mlpNet} from '../neural/mlp-net.js';

/** See `mlpNet`. */
export const mlp = acrossSeries({
  name: 'mlp',
  summary: 'two hidden layers over a week, learned across all series',
  kind: mlpNet,
  hiddenUnits: 256,
  mostPatches: 7,
  batchRows: 256,
  epochs: 20,
  mostRounds: 2000,
  rate: 0.002,
});
