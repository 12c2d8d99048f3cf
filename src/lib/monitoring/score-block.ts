import {canonicalJson, groupBy, mean, sha256Hex} from '../core/index.js';
import type {SeriesKind} from '../forecasting/index.js';
import {poolScores, type ScoreSums, scoreSteps} from './score-sums.js';

/** What was foreseen of one series for the steps of a block, as `scoreSteps` takes it. */
export interface ForeseenSteps {
  readonly id: string;
  readonly quantiles: readonly Float64Array[];
}

export interface ForeseenVolume extends ForeseenSteps {
  readonly kind: SeriesKind;
  /** What its history moved by, one season apart, at the origin; 0: never moved. */
  readonly scale: number;
}

/** Scores of what is told apart: all volumes, those of a class, or the sum that a risk boundary holds. */
export interface ScopeScores {
  readonly scope: 'volumes' | 'class' | 'boundary';
  /** Empty for all volumes. */
  readonly name: string;
  /** Series that had a known step. */
  readonly series: number;
  readonly sums: ScoreSums;
}

/** One number a night for what is tested from night to night. */
export interface NightFigures {
  /** Mean over volumes of the quantile loss in units of the volume's scale, none above 20. */
  readonly scaledLoss: number;
  /** Mean over volumes of median less outcome in units of its scale, none beyond 5. */
  readonly scaledBias: number;
  /** Of the volumes and how many steps of each are known: figures of nights are compared where they are equal. */
  readonly volumesSha256: string;
}

export interface BlockScores {
  readonly night: NightFigures;
  readonly scopes: readonly ScopeScores[];
}

const MOST_LOSS = 20;
const MOST_BIAS = 5;
/** A volume that never moved has no scale: a hundredth of what it holds stands for it. */
const STILL_SCALE = 0.01;

/**
 * Scores a block: `outcomeOf` tells what came, one value a step, undefined where the volume is not known any more.
 * Undefined when not one outcome is known.
 */
export function scoreBlock(
  volumes: readonly ForeseenVolume[],
  boundaries: readonly ForeseenSteps[],
  outcomeOf: (scope: 'volume' | 'boundary', id: string) => Float64Array | undefined,
): BlockScores | undefined {
  const score = (scope: 'volume' | 'boundary', {id, quantiles}: ForeseenSteps): ScoreSums => {
    const steps = quantiles[0]?.length ?? 0;
    return scoreSteps(quantiles, outcomeOf(scope, id) ?? new Float64Array(steps).fill(Number.NaN));
  };
  const scored = volumes.map((volume) => ({volume, sums: score('volume', volume)}));
  const known = scored.filter(({sums}) => sums.steps > 0);
  if (known.length === 0) return undefined;
  const classes = [...groupBy(scored, ({volume}) => volume.kind)].sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return {
    night: nightOf(known),
    scopes: [
      pooled('volumes', '', scored),
      ...classes.map(([kind, members]) => pooled('class', kind, members)),
      ...boundaries.map((boundary) => pooled('boundary', boundary.id, [{sums: score('boundary', boundary)}])),
    ],
  };
}

function pooled(
  scope: ScopeScores['scope'],
  name: string,
  members: readonly {readonly sums: ScoreSums}[],
): ScopeScores {
  const series = members.filter(({sums}) => sums.steps > 0).length;
  return {scope, name, series, sums: poolScores(members.map(({sums}) => sums))};
}

function nightOf(
  known: readonly {readonly volume: ForeseenVolume; readonly sums: ScoreSums}[],
): NightFigures {
  const perStep = known.map(({volume, sums: {steps, loss, error, absoluteOutcome}}) => {
    const scale = volume.scale > 0 ? volume.scale : Math.max(1, (STILL_SCALE * absoluteOutcome) / steps);
    const bias = error / steps / scale;
    return {
      loss: Math.min(MOST_LOSS, loss / steps / scale),
      bias: Math.max(-MOST_BIAS, Math.min(MOST_BIAS, bias)),
    };
  });
  const what = known.map(({volume, sums}) => [volume.id, sums.steps]);
  return {
    scaledLoss: mean(perStep.map(({loss}) => loss)),
    scaledBias: mean(perStep.map(({bias}) => bias)),
    volumesSha256: sha256Hex(canonicalJson(what)),
  };
}
