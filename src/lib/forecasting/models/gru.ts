import {acrossSeries} from '../across-series.js';
import {gruNet} from '../neural/gru-net.js';

/** See `gruNet`. */
export const gru = acrossSeries({
  name: 'gru',
  summary: 'a gated recurrent unit over days, learned across all series',
  kind: gruNet,
  hiddenUnits: 128,
  mostPatches: 7,
  batchRows: 128,
  epochs: 20,
  mostRounds: 1500,
  rate: 0.004,
});
