import {sum} from '../core/index.js';

/** Draws an index with a chance in proportion to its weight, in constant time. */
export interface WeightedChoice {
  /** Takes new weights (not negative, at least one positive). */
  load(weights: Float64Array): void;
  /** The index for a uniform draw in [0, 1). */
  pick(draw: number): number;
}

/** Walker's alias tables as Vose (1991) builds them, for `count` weights. */
export function createWeightedChoice(count: number): WeightedChoice {
  const threshold = new Float64Array(count);
  const alias = new Uint32Array(count);
  return {
    load: (weights) => {
      const total = sum(weights);
      weights.forEach((weight, index) => {
        threshold[index] = (weight * count) / total;
        alias[index] = index;
      });
      pairUp(threshold, alias);
    },
    pick: (draw) => {
      const scaled = draw * count;
      const index = Math.floor(scaled);
      return scaled - index < (threshold[index] ?? 0) ? index : (alias[index] ?? 0);
    },
  };
}

/** Lets each index whose threshold is below 1 share its place with one that has more than it needs. */
function pairUp(threshold: Float64Array, alias: Uint32Array): void {
  const small: number[] = [];
  const large: number[] = [];
  threshold.forEach((value, index) => (value < 1 ? small : large).push(index));
  for (;;) {
    const poor = small.pop();
    const rich = large.pop();
    if (poor === undefined || rich === undefined) {
      // What rounding leaves over is as good as 1.
      for (const index of [...small, poor, rich]) if (index !== undefined) threshold[index] = 1;
      return;
    }
    alias[poor] = rich;
    threshold[rich] = (threshold[rich] ?? 0) + (threshold[poor] ?? 0) - 1;
    ((threshold[rich] ?? 0) < 1 ? small : large).push(rich);
  }
}
