import {initialState} from './initial-state.js';
import {project, smooth, type EtsForm, type EtsParameters} from './recursion.js';

const ORIGINS = 4;

/**
 * How wrong a form is far ahead: the sum of absolute errors over the second half of a series, foreseen from four origins an
 * eighth of it apart, each an eighth ahead. The likelihood looks one step ahead only. Infinity where there is no path.
 */
export function farError(
  values: Float64Array,
  {form, parameters}: {readonly form: EtsForm; readonly parameters: EtsParameters},
): number {
  const steps = Math.floor(values.length / (2 * ORIGINS));
  const state = initialState(values, form);
  let from = 0;
  let total = 0;
  for (let back = ORIGINS; back > 0; back -= 1) {
    const origin = values.length - back * steps;
    if (smooth(values.subarray(from, origin), form, parameters, state) === Infinity) return Infinity;
    from = origin;
    for (const [step, foreseen] of project(form, parameters, state, steps).entries()) {
      const error = Math.abs((values[origin + step] ?? Number.NaN) - foreseen);
      if (!Number.isNaN(error)) total += error;
    }
  }
  return total;
}
