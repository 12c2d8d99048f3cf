import {type Series, US_PER_SECOND} from '../core/index.js';

/** From the begin of a panel's first step to the end of its last; all series share one axis. */
export function panelSpan([first]: readonly Series[]): {readonly fromUs: number; readonly toUs: number} {
  if (first === undefined) return {fromUs: 0, toUs: 0};
  const {startUs, values, stepSeconds} = first;
  return {fromUs: startUs, toUs: startUs + values.length * stepSeconds * US_PER_SECOND};
}
