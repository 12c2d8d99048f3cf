import {mean} from '../core/index.js';

/** What is watched of one night: numbers that vary about a constant as long as nothing changes. */
export interface WatchedNight {
  /** Logarithm of the scaled loss of the fleet: only a rise is drift. */
  readonly logLoss: number;
  /** Bias of the fleet in units of scale: a rise or a fall is drift. */
  readonly bias: number;
}

export interface DriftOptions {
  /** At most one false alarm in so many nights, in the mean. */
  readonly nightsPerFalseAlarm: number;
}

/** What the test says after a night. */
export interface DriftEvidence {
  /** Nights watched, this one included. */
  readonly nights: number;
  /** It is an alarm when this comes to `nightsPerFalseAlarm`; 0 in the first nights. */
  readonly evidence: number;
  readonly isAlarm: boolean;
  /** How many standard deviations this night lies off what the nights before it let expect. */
  readonly lossDeviation: number;
  readonly biasDeviation: number;
}

/** Nights that must be known before one is tested. */
export const WARM_UP_NIGHTS = 10;

/** What varies less than this is taken to vary as much: a tenth of the loss, a twentieth of the scale. */
const LEAST_DEVIATION = {logLoss: 0.1, bias: 0.05};
/** So many nights before a night are not what it is compared with: what drifts must not hide itself, */
const GAP_NIGHTS = 3;
/** nor do those before count as if they had lain further off than so many standard deviations. */
const MOST_REMEMBERED = 2;
const LEAST_KNOWN = WARM_UP_NIGHTS - GAP_NIGHTS;
/** One night, however bad, is no drift. */
const MOST_OF_A_NIGHT = 60;
/** With more the tail is nearer to the normal one than losses of real volumes are. */
const MOST_FREEDOM = 10;
/** Autocorrelation is taken to be larger than estimated by so many of its standard errors. */
const CORRELATION_MARGIN = 0.5;
const MOST_CORRELATION = 0.8;

/**
 * A sequential test for change: one verdict a night, in their order, each from that night and those before it.
 *
 * Each night is compared with the mean and spread of those before it but the last three (recursive residuals: Brown, Durbin
 * and Evans 1975), spread widened for what nights have in common with the next ones (autocorrelation of lag 1, estimated and
 * made half a standard error larger: the variance of long sums). The residual gives a p-value by Student's t, and that an e-value,
 * (1 - p + p ln p) / (p ln^2 p) (Vovk and Wang 2021, the mixture of all power calibrators), 60 at most. The e-values of loss and bias are
 * added up by Shiryaev and Roberts, R <- (1 + R) e, and averaged: an e-detector (Shin, Ramdas and Rinaldo 2023), whose mean
 * time to a false alarm is at least its threshold when the p-values are valid. They are so for independent normal nights; for
 * nights with weekly seasons and autocorrelation `bench -- drift` shows that the rate holds.
 */
export function testDrift(
  nights: readonly WatchedNight[],
  {nightsPerFalseAlarm}: DriftOptions,
): readonly DriftEvidence[] {
  const loss = createWatch(LEAST_DEVIATION.logLoss, upperTail);
  const bias = createWatch(LEAST_DEVIATION.bias, eitherTail);
  return nights.map((night, index) => {
    const [ofLoss, ofBias] = [loss(night.logLoss), bias(night.bias)];
    const evidence = (ofLoss.evidence + ofBias.evidence) / 2;
    return {
      ...{nights: index + 1, evidence, isAlarm: evidence >= nightsPerFalseAlarm},
      ...{lossDeviation: ofLoss.deviation, biasDeviation: ofBias.deviation},
    };
  });
}

type Tail = (deviation: number, freedom: number) => number;
const upperTail: Tail = studentTail;
const eitherTail: Tail = (deviation, freedom) => 2 * studentTail(Math.abs(deviation), freedom);

function createWatch(
  leastDeviation: number,
  tail: Tail,
): (value: number) => {readonly evidence: number; readonly deviation: number} {
  const known: number[] = [];
  const recent: number[] = [];
  let evidence = 0;
  return (value) => {
    recent.push(value);
    if (known.length < LEAST_KNOWN) {
      if (recent.length > GAP_NIGHTS) known.push(recent.shift() ?? value);
      return {evidence, deviation: 0};
    }
    const {centre, spread, plain} = expectationOf(known, leastDeviation);
    const deviation = (value - centre) / spread;
    const freedom = Math.min(MOST_FREEDOM, known.length - 1);
    const ofNight = Math.min(MOST_OF_A_NIGHT, evidenceOf(tail(deviation, freedom)));
    evidence = Math.min(Number.MAX_SAFE_INTEGER, (1 + evidence) * ofNight);
    const most = MOST_REMEMBERED * plain;
    const oldest = recent.shift() ?? value;
    known.push(centre + Math.max(-most, Math.min(most, oldest - centre)));
    return {evidence, deviation};
  };
}

function expectationOf(
  known: readonly number[],
  leastDeviation: number,
): {readonly centre: number; readonly spread: number; readonly plain: number} {
  const {length} = known;
  const centre = mean(known);
  let [squares, products] = [0, 0];
  for (let night = 0; night < length; night += 1) {
    const off = (known[night] ?? 0) - centre;
    squares += off * off;
    if (night > 0) products += off * ((known[night - 1] ?? 0) - centre);
  }
  const estimated = squares > 0 ? products / squares : 0;
  const correlation = Math.min(
    MOST_CORRELATION,
    Math.max(0, estimated + CORRELATION_MARGIN / Math.sqrt(length)),
  );
  const variance = Math.max(leastDeviation ** 2, squares / (length - 1));
  const spread = Math.sqrt(((variance * (1 + correlation)) / (1 - correlation)) * (1 + 1 / length));
  return {centre, spread, plain: Math.sqrt(variance)};
}

/** Above 1 speaks against the night being like those before it; its mean is 1 at most when it is. */
export function evidenceOf(p: number): number {
  if (p >= 1) return 0.5;
  const bounded = Math.max(p, 1e-12);
  const log = Math.log(bounded);
  // Near 1 the formula is 0 / 0; its limit is 1/2.
  return 1 - bounded < 1e-4 ? 0.5 : (1 - bounded + bounded * log) / (bounded * log * log);
}

/** Probability that Student's t with a whole number of degrees of freedom exceeds `t` (Abramowitz and Stegun 26.7.3, 26.7.4). */
export function studentTail(t: number, freedom: number): number {
  if (t < 0) return 1 - studentTail(-t, freedom);
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let series = freedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    series += term;
  }
  const within = isOdd ? (2 / Math.PI) * (angle + sine * series) : sine * series;
  return Math.max(0, (1 - within) / 2);
}
