import {acrossSeries} from '../across-series.js';
import {lstmNet} from '../neural/lstm-net.js';

/** See `lstmNet`. */
export const lstm = acrossSeries({
  name: 'lstm',
  summary: 'a long short-term memory over days, learned across all series',
  kind: lstmNet,
  hiddenUnits: 128,
  mostPatches: 7,
  batchRows: 128,
  epochs: 20,
  mostRounds: 1500,
  rate: 0.004,
});
