import {weighPast} from '../weigh-past.js';

/** See `weighPast`: of moves, which fits gauges that stand still, grow or step, such as used bytes. */
export const nptsMoves = weighPast(
  'npts-moves',
  "the last value and the past's own moves, weighted by age",
  'moves',
);
