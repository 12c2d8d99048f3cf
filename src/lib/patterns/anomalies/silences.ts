import {sum} from '../../core/index.js';
import type {DetectionMode, Evidence} from './evidence.js';

/** Shorter ones are none. */
const LEAST_STEPS = 3;
/** It must be longer than so many times the longest that is usual. */
const RATIO = 2;

interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * Steps in a row that are 0 (the volume does nothing) or NaN (the log says nothing) for at least twice as long as ever else:
 * online as ever before, in batch as at any other time. What is so half of the rest of the time is usual, and what is unknown
 * before the first value is no silence.
 */
export function silences(values: Float64Array, mode: DetectionMode): readonly Evidence[] {
  const first = values.findIndex((value) => !Number.isNaN(value));
  if (first < 0) return [];
  return [
    ...unusualRuns(
      'silence',
      runsWhere(values, first, (value) => value === 0),
      {first, length: values.length, mode},
    ),
    ...unusualRuns('log-silence', runsWhere(values, first, Number.isNaN), {
      first,
      length: values.length,
      mode,
    }),
  ];
}

function runsWhere(values: Float64Array, first: number, holds: (value: number) => boolean): readonly Run[] {
  const runs: Run[] = [];
  for (let step = first; step < values.length; step += 1) {
    if (!holds(values[step] ?? 0)) continue;
    const last = runs.at(-1);
    if (last?.to === step) runs[runs.length - 1] = {from: last.from, to: step + 1};
    else runs.push({from: step, to: step + 1});
  }
  return runs;
}

interface Around {
  readonly first: number;
  readonly length: number;
  readonly mode: DetectionMode;
}

function unusualRuns(kind: Evidence['kind'], runs: readonly Run[], around: Around): readonly Evidence[] {
  return runs.flatMap(({from, to}, index) => {
    const others = around.mode === 'online' ? runs.slice(0, index) : runs.toSpliced(index, 1);
    const lengths = others.map((run) => run.to - run.from);
    const rest = around.mode === 'online' ? from - around.first : around.length - around.first - (to - from);
    if (sum(lengths) >= rest / 2) return [];
    const usual = Math.max(LEAST_STEPS, RATIO * Math.max(0, ...lengths));
    const length = to - from;
    return length >= usual ? [{kind, from, to, score: length / (length + usual)}] : [];
  });
}
