import {type Fold, slotOf} from './fold.js';

/** Values by cycle and slot. */
export interface CycleTable {
  readonly slots: number;
  /** Of cycle c and slot s at `c * slots + s`: the mean of what is known there, NaN of nothing. */
  readonly means: Float64Array;
}

/** The cycles of a fold, slot by slot. `values` fluctuate around 0. */
export function tableOf(values: Float64Array, fold: Fold): CycleTable {
  const {cycleOf, cycles, slots} = fold;
  const sums = new Float64Array(cycles * slots);
  const counts = new Float64Array(cycles * slots);
  for (let step = 0; step < values.length; step += 1) {
    const value = values[step] ?? Number.NaN;
    const cycle = cycleOf[step] ?? -1;
    if (Number.isNaN(value) || cycle < 0 || cycle >= cycles) continue;
    const at = cycle * slots + slotOf(fold, step);
    sums[at] = (sums[at] ?? 0) + value;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return {slots, means: sums.map((sum, at) => sum / (counts[at] ?? 0))};
}

const WIDEST_SHARE = 1 / 3;
const WIDTH_STEP = 1.5;

/**
 * The probability that noise has a stretch of slots as busy, or as quiet, in all cycles as the most striking one is: a scan of
 * all places and of widths 1, 2, 3, 5, 8, ... by Student's t, with the scatter from cycle to cycle of stretches of the same width (so
 * that noise need not be white), times the number of stretches. `without`: what comes back every so many-th part of a cycle
 * is taken off before.
 */
export function busiestStretch(
  {slots, means}: CycleTable,
  cycles: readonly number[],
  without?: number,
): number {
  const rows = cycles.map((cycle) => {
    const row = means.subarray(cycle * slots, (cycle + 1) * slots);
    return cumulated(without === undefined ? row : withoutPart(row, without));
  });
  let [best, tried] = [1, 0];
  for (const width of widthsOf(slots)) {
    best = Math.min(best, strikingTail(rows, slots, width));
    tried += slots / width;
  }
  return Math.min(1, best * tried * 2);
}

function widthsOf(slots: number): readonly number[] {
  const widths: number[] = [];
  const widest = Math.max(1, slots * WIDEST_SHARE);
  for (let width = 1; width <= widest; width = Math.max(width + 1, Math.round(width * WIDTH_STEP)))
    widths.push(width);
  return widths;
}

/** A cycle less what all of its `parts` parts have in common. */
function withoutPart(row: Float64Array, parts: number): Float64Array {
  const {length} = row;
  return row.map((value, slot) => {
    let [total, count] = [0, 0];
    for (let part = 0; part < parts; part += 1) {
      const other = row[Math.round(slot + (part * length) / parts) % length] ?? Number.NaN;
      if (Number.isNaN(other)) continue;
      total += other;
      count += 1;
    }
    return value - total / Math.max(1, count);
  });
}

/** Sums and numbers of the known values before each slot, of a cycle that is gone through twice. */
interface Cumulated {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

function cumulated(row: Float64Array): Cumulated {
  const {length} = row;
  const sums = new Float64Array(2 * length + 1);
  const counts = new Float64Array(2 * length + 1);
  for (let slot = 0; slot < 2 * length; slot += 1) {
    const value = row[slot < length ? slot : slot - length] ?? Number.NaN;
    const isKnown = !Number.isNaN(value);
    sums[slot + 1] = (sums[slot] ?? 0) + (isKnown ? value : 0);
    counts[slot + 1] = (counts[slot] ?? 0) + (isKnown ? 1 : 0);
  }
  return {sums, counts};
}

/** Student's t of the stretch of a width that differs most from 0, and how improbable it is; of half a stretch nothing is said. */
function strikingTail(rows: readonly Cumulated[], slots: number, width: number): number {
  let [scatter, freedom, most] = [0, 0, 0];
  for (let slot = 0; slot < slots; slot += 1) {
    let [total, squares, cycles] = [0, 0, 0];
    for (const {sums, counts} of rows) {
      const count = (counts[slot + width] ?? 0) - (counts[slot] ?? 0);
      if (2 * count < width) continue;
      const value = ((sums[slot + width] ?? 0) - (sums[slot] ?? 0)) / count;
      total += value;
      squares += value * value;
      cycles += 1;
    }
    if (cycles < 2) continue;
    scatter += Math.max(0, squares - (total * total) / cycles);
    freedom += cycles - 1;
    most = Math.max(most, (total * total) / cycles);
  }
  if (most === 0) return 1;
  const variance = Math.max(1e-12, scatter / Math.max(1, freedom));
  return studentTail(Math.sqrt(most / variance), Math.max(1, freedom / (2 * width)));
}

/**
 * P(t > T) of Student's distribution: the normal tail after Wallace 1959 (Ann. Math. Statist. 30), that by its continued
 * fraction (Abramowitz and Stegun 26.2.14). For T above 1; T below gives 0.5.
 */
export function studentTail(t: number, freedom: number): number {
  const z = ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
  if (z < 1) return 0.5;
  const fraction = z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 5 / (z + 6 / (z + 7 / (z + 1)))))));
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction;
}
