import {formatDurationRoughly, type Series, US_PER_SECOND} from '../../core/index.js';
import {medianOf} from '../median-of.js';
import type {Anomaly, AnomalyKind, Severity} from './anomaly.js';
import {applyLabels, type AnomalyLabel} from './anomaly-labels.js';
import {type AnomalyRules, counts} from './anomaly-rules.js';
import {type DetectionMode, type Evidence, runsOf, scoreOfSurprise} from './evidence.js';
import {type ExpectedValues, expectValues} from './expected-values.js';
import {levelShifts} from './level-shifts.js';
import {novelStretches} from './novel-rhythm.js';
import {silences} from './silences.js';
import {isMaterial, isUsualValue} from './usual-range.js';

export interface DetectionOptions {
  /** `batch` (default) judges a step by what came after it, too; `online` as at the time. */
  readonly mode?: DetectionMode;
  /** What counts, by volume class; all does where it is left out. */
  readonly rules?: AnomalyRules;
  /** What people said; those of other volumes are passed over. */
  readonly labels?: readonly AnomalyLabel[];
  /** How values are written in `text`; four digits by default. */
  readonly formatValue?: (value: number) => string;
}

/** A residual as rare as this, −log10, is an outlier. */
const USUAL_SURPRISE = 3.5;
/** Outliers of steps this close are one. */
const GAP_STEPS = 2;
/** Deviations are compared with the range of so many values before. */
const PAST_STEPS = 2016;
/** From these scores on. */
const SEVERITY_SCORES: readonly (readonly [Severity, number])[] = [
  ['critical', 0.7],
  ['major', 0.6],
];

/**
 * What is out of the ordinary in a series, in order of time and apart from each other. The values may be in any unit; a step
 * that is NaN is unknown, and one that is 0 is a volume that does nothing. Rules leave out what does not count for the
 * volume's class; labels override both. Deterministic; some 0.1 ms of CPU a step by the hour, 0.4 ms by the
 * minute.
 */
export function detectAnomalies(series: Series, options: DetectionOptions = {}): readonly Anomaly[] {
  const {mode = 'batch', rules, labels = []} = options;
  const expectation = expectValues(series, mode);
  const anomalyOf = (evidence: Evidence): Anomaly => describe(series, expectation, evidence, options);
  const found = apart(series.values, [
    ...silences(series.values, mode),
    ...levelShifts(series, mode),
    ...runsOf('outlier', outlierScores(series, expectation), GAP_STEPS),
    ...novelStretches(series, mode),
  ]).map(anomalyOf);
  const own = labels.filter(({volume}) => volume === series.id);
  return applyLabels(found, own, (label) => ({
    ...anomalyOf({kind: 'outlier', ...stepsOf(series, label), score: 1}),
    ...{startUs: label.fromUs, endUs: label.toUs, label: label.note},
  }))
    .filter((anomaly) => counts(anomaly, rules))
    .toSorted((a, b) => a.startUs - b.startUs);
}

function outlierScores({values}: Series, {expected, surprise}: ExpectedValues): Float64Array {
  return surprise.map((rarity, step) => {
    const score = scoreOfSurprise(rarity, USUAL_SURPRISE);
    const deviation = (values[step] ?? Number.NaN) - (expected[step] ?? Number.NaN);
    return score >= 0.5 && isMaterial(deviation, values, step, PAST_STEPS) ? score : 0;
  });
}

/** In order of rank: what lies by half or more in one before it is part of that one, unless it stands out there. */
function apart(values: Float64Array, ranked: readonly Evidence[]): readonly Evidence[] {
  const kept: Evidence[] = [];
  for (const evidence of ranked) {
    const length = evidence.to - evidence.from;
    const isPart = (other: Evidence): boolean =>
      sharedSteps(evidence, other) * 2 >= length && !standsOut(values, evidence, other);
    if (!kept.some(isPart)) kept.push(evidence);
  }
  return kept;
}

/** An outlier is no part of a shift when it lies so many times farther out than the shift itself. */
const OUT_OF_SHIFT = 3;

function standsOut(values: Float64Array, evidence: Evidence, {kind, from, to, absorbsTo}: Evidence): boolean {
  if (evidence.kind !== 'outlier' || kind !== 'level-shift') return false;
  const end = absorbsTo ?? to;
  const level = medianOf(values.subarray(from, end));
  const shift = Math.abs(level - medianOf(values.subarray(Math.max(0, 2 * from - end), from)));
  return Math.abs(knownMean(values, evidence.from, evidence.to) - level) > OUT_OF_SHIFT * shift;
}

function sharedSteps({from, to}: Evidence, other: Evidence): number {
  return Math.min(to, other.absorbsTo ?? other.to) - Math.max(from, other.from);
}

function stepsOf({startUs, stepSeconds, values}: Series, label: AnomalyLabel): {from: number; to: number} {
  const stepUs = stepSeconds * US_PER_SECOND;
  const from = Math.floor((label.fromUs - startUs) / stepUs);
  const to = Math.ceil((label.toUs - startUs) / stepUs);
  return {from: Math.max(0, from), to: Math.min(values.length, to)};
}

function describe(
  series: Series,
  {expected}: ExpectedValues,
  evidence: Evidence,
  {formatValue = (value) => String(Number(value.toPrecision(4)))}: DetectionOptions,
): Anomaly {
  const {from, to, score} = evidence;
  const stepUs = series.stepSeconds * US_PER_SECOND;
  const means = {
    expected: knownMean(expected, from, to),
    seen: knownMean(series.values, from, to),
  };
  const kind = kindOf(series.values, evidence, means);
  const length = formatDurationRoughly((to - from) * series.stepSeconds);
  const written = (value: number): string => (Number.isNaN(value) ? 'nothing known' : formatValue(value));
  return {
    volume: series.id,
    kind,
    severity: SEVERITY_SCORES.find(([, least]) => score >= least)?.[0] ?? 'minor',
    score,
    startUs: series.startUs + from * stepUs,
    endUs: series.startUs + to * stepUs,
    ...means,
    text: `${WORDS[kind]} for ${length}: ${written(means.seen)} where ${written(means.expected)} was expected`,
  };
}

const WORDS: Readonly<Record<AnomalyKind, string>> = {
  spike: 'far more than usual',
  drop: 'far less than usual',
  'level-shift': 'at another level',
  'changed-rhythm': 'in a rhythm not seen at other times',
  'unusual-hour': 'busy at an hour that is quiet',
  silence: 'the volume is silent',
  'log-silence': 'the log is silent',
};

function kindOf(
  values: Float64Array,
  {kind, from, to}: Evidence,
  {expected, seen}: {expected: number; seen: number},
): AnomalyKind {
  if (kind !== 'outlier') return kind;
  if (!(seen > expected)) return 'drop';
  return isUsualValue(values, from, to) ? 'unusual-hour' : 'spike';
}

function knownMean(values: Float64Array, from: number, to: number): number {
  const known = values.subarray(from, to).filter((value) => !Number.isNaN(value));
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : Number.NaN;
}
