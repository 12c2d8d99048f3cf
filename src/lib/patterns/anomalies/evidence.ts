/** May a step be judged by what came after it, too? `online` is what a detector would have said at the time. */
export type DetectionMode = 'online' | 'batch';

/** Neighbouring steps that speak for one kind of anomaly; the end is exclusive. */
export interface Evidence {
  readonly kind: 'outlier' | 'level-shift' | 'changed-rhythm' | 'silence' | 'log-silence';
  readonly from: number;
  readonly to: number;
  /** In [0, 1]; from 0.5 on it counts. */
  readonly score: number;
  /** Other evidence that lies before this step is part of it; `to` where it is left out. */
  readonly absorbsTo?: number;
}

/** 0.5 where a surprise (−log10 of a probability) is as large as `usual`. */
export function scoreOfSurprise(surprise: number, usual: number): number {
  return surprise / (surprise + usual);
}

/** Runs of steps whose score is at least 0.5, at most `gapSteps` apart. */
export function runsOf(kind: Evidence['kind'], scores: Float64Array, gapSteps: number): readonly Evidence[] {
  const runs: Evidence[] = [];
  for (const [step, score] of scores.entries()) {
    if (!(score >= 0.5)) continue;
    const last = runs.at(-1);
    if (last !== undefined && step - last.to <= gapSteps)
      runs[runs.length - 1] = {...last, to: step + 1, score: Math.max(last.score, score)};
    else runs.push({kind, from: step, to: step + 1, score});
  }
  return runs;
}
