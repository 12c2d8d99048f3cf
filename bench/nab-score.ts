/**
 * The scoring of the Numenta Anomaly Benchmark v1.1 (Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection
 * Algorithms", section III): one threshold over a whole corpus, the best detection of each labelled window counts the more the
 * earlier it is, every detection outside costs, the more the farther after a window it is.
 */

/** What a detection, a false alarm and a missed window weigh. */
export interface CostProfile {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const PROFILES = {
  standard: {truePositive: 1, falsePositive: 0.11, falseNegative: 1},
  low_fp: {truePositive: 1, falsePositive: 0.22, falseNegative: 1},
  low_fn: {truePositive: 1, falsePositive: 0.11, falseNegative: 2},
} as const satisfies Readonly<Record<string, CostProfile>>;
export type ProfileName = keyof typeof PROFILES;

/** First and last row of a labelled window. */
export interface RowWindow {
  readonly first: number;
  readonly last: number;
}

/** One file's anomaly scores, a row each, and its windows in order of time, not overlapping. */
export interface ScoredFile {
  readonly scores: ArrayLike<number>;
  readonly windows: readonly RowWindow[];
}

export interface CorpusScore {
  /** 0 for a detector that says nothing, 100 for one that finds every window at its first row and nothing else. */
  readonly score: number;
  /** The least score that is taken as a detection. */
  readonly threshold: number;
}

/** Rows at the begin of a file that are not scored: 15 %, at most 750. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

/**
 * +1 far before a window's end, 0 at its end, −1 far after; positions in window widths, −1 is the window's first row and 0
 * the row after the last.
 */
export function scaledSigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

interface Detection {
  readonly score: number;
  /** What it adds, when it counts. */
  readonly worth: number;
  /** The window it lies in, counted over the corpus; undefined outside. */
  readonly window: number | undefined;
}

/** The best score that one threshold for all files gives, and that threshold: above all scores where saying nothing is best. */
export function scoreCorpus(files: readonly ScoredFile[], profile: CostProfile): CorpusScore {
  const windows = files.reduce((total, file) => total + file.windows.length, 0);
  const detections = corpusDetections(files, profile).sort((a, b) => b.score - a.score);
  const bestOfWindow = new Float64Array(windows).fill(-profile.falseNegative);
  let raw = -profile.falseNegative * windows;
  let best = {raw, threshold: Infinity};
  for (const [index, {score, worth, window}] of detections.entries()) {
    const before = window === undefined ? 0 : (bestOfWindow[window] ?? 0);
    const after = window === undefined ? worth : Math.max(before, worth);
    if (window !== undefined) bestOfWindow[window] = after;
    raw += after - before;
    // Only when all rows with this score are in does it make a threshold.
    if (detections[index + 1]?.score !== score && raw > best.raw) best = {raw, threshold: score};
  }
  return {score: normalised(best.raw, windows, profile), threshold: best.threshold};
}

function normalised(raw: number, windows: number, profile: CostProfile): number {
  const silent = -profile.falseNegative * windows;
  return (100 * (raw - silent)) / (profile.truePositive * windows - silent);
}

function corpusDetections(files: readonly ScoredFile[], profile: CostProfile): Detection[] {
  const detections: Detection[] = [];
  let windowsBefore = 0;
  for (const {scores, windows} of files) {
    const worths = rowWorths(scores.length, windows, profile);
    for (let row = probationRows(scores.length); row < scores.length; row += 1) {
      const inside = windows.findIndex(({first, last}) => row >= first && row <= last);
      detections.push({
        score: scores[row] ?? 0,
        worth: worths[row] ?? 0,
        window: inside < 0 ? undefined : windowsBefore + inside,
      });
    }
    windowsBefore += windows.length;
  }
  return detections;
}

/** What a detection in each row is worth. */
export function rowWorths(rows: number, windows: readonly RowWindow[], profile: CostProfile): Float64Array {
  const worths = new Float64Array(rows).fill(-profile.falsePositive);
  for (const [index, {first, last}] of windows.entries()) {
    const width = last - first + 1;
    for (let row = first; row <= last; row += 1)
      worths[row] = (profile.truePositive * scaledSigmoid(-(last - row + 1) / width)) / scaledSigmoid(-1);
    const next = windows[index + 1]?.first ?? rows;
    for (let row = last + 1; row < next; row += 1)
      worths[row] = profile.falsePositive * scaledSigmoid((row - last) / (width - 1));
  }
  return worths;
}
