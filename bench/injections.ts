import {quantile, type Random, type Series, US_PER_SECOND} from '../src/lib/core/index.js';
import type {Alarm} from './anomaly-peers.js';

/** What is put into a real series, and how large. */
export interface Injection {
  readonly kind: 'spike' | 'shift' | 'odd-hour' | 'silence';
  /** Spike and shift: in usual ranges (5 to 95 % quantile of the series). Odd hour: share of the busiest hours. Silence: in hours. */
  readonly size: number;
}

export const INJECTIONS: readonly Injection[] = [
  ...[0.5, 1, 2, 4].map((size): Injection => ({kind: 'spike', size})),
  ...[0.25, 0.5, 1, 2].map((size): Injection => ({kind: 'shift', size})),
  ...[0.5, 1, 2].map((size): Injection => ({kind: 'odd-hour', size})),
  ...[3, 6, 12, 24].map((size): Injection => ({kind: 'silence', size})),
];

const SPIKE_STEPS = 2;
const SHIFT_STEPS = 48;
const ODD_STEPS = 4;
const DAY_STEPS = 24;

/** The series with one anomaly at a random place in its second half, and where it is. Undefined where none can be put. */
export function inject(
  series: Series,
  {kind, size}: Injection,
  random: Random,
): {readonly series: Series; readonly truth: Alarm} | undefined {
  const known = series.values.filter((value) => !Number.isNaN(value));
  const range = quantile(known, 0.95) - quantile(known, 0.05);
  const length = {spike: SPIKE_STEPS, shift: SHIFT_STEPS, 'odd-hour': ODD_STEPS, silence: size}[kind];
  const half = Math.floor(series.values.length / 2);
  const day = half + random.below(series.values.length - half - length - DAY_STEPS);
  const from = kind === 'odd-hour' ? quietest(series.values, day) : day;
  const values = series.values.slice();
  for (let step = from; step < from + length; step += 1) {
    const value = values[step] ?? Number.NaN;
    if (kind === 'silence') values[step] = Number.isNaN(value) ? value : 0;
    else if (kind === 'odd-hour') values[step] = Math.max(value, size * quantile(known, 0.95));
    else values[step] = value + size * range;
  }
  const stepUs = series.stepSeconds * US_PER_SECOND;
  const truth = {startUs: series.startUs + from * stepUs, endUs: series.startUs + (from + length) * stepUs};
  return isChanged(series.values, values, from, length) ? {series: {...series, values}, truth} : undefined;
}

/** All steps are known, and at least half of them differ. */
function isChanged(before: Float64Array, after: Float64Array, from: number, length: number): boolean {
  const steps = after.subarray(from, from + length);
  const differing = steps.filter((value, step) => value !== before[from + step]).length;
  return !steps.some(Number.isNaN) && differing >= length / 2;
}

/** The begin of the hours of the day after `step` that are the quietest on all days. */
function quietest(values: Float64Array, step: number): number {
  const sums = Array.from({length: DAY_STEPS}, (_, phase) => {
    const hours = values.filter((value, at) => !Number.isNaN(value) && hourDistance(at, phase) < ODD_STEPS);
    return quantile(hours, 0.9);
  });
  const phase = sums.indexOf(Math.min(...sums));
  return step + ((phase - (step % DAY_STEPS) + DAY_STEPS) % DAY_STEPS);
}

/** Hours from the phase on to a step. */
function hourDistance(step: number, phase: number): number {
  return ((step % DAY_STEPS) - phase + DAY_STEPS) % DAY_STEPS;
}
