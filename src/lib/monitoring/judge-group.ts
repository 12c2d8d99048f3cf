import {groupBy} from '../core/index.js';
import {CHAMPION_RULE, type ChallengerVerdict, judgeChallenger, type PairedNight} from './champion-rule.js';
import type {KeptForecast, MonitoredGroup} from './kept-forecast.js';
import {adviseLevels, type LevelAdvice} from './move-levels.js';
import type {ScoredBlock, ScoredForecast} from './score-file.js';
import {NO_SCORES, type ScoreSums} from './score-sums.js';
import {type ChampionNight, championNights, type DriftVerdict, watchDrift} from './watch-drift.js';

/** A model as forecasts name it. */
export interface MonitoredModel {
  readonly model: string;
  readonly modelSha256: string;
}

/** A champion that was replaced, or is to be. */
export interface Replacement {
  /** End of the night that decided it. */
  readonly atUs: number;
  readonly from: MonitoredModel;
  readonly to: MonitoredModel;
  readonly pairedNights: number;
  readonly wonNights: number;
  readonly lossRatio: number;
}

/** What should be done, the most urgent. */
export type MonitorAction = 'replace' | 'retrain' | 'recalibrate' | 'nothing';

/** What the scores of a group say. */
export interface GroupVerdict extends MonitoredGroup {
  /** The one that foresaw last; null before any. */
  readonly champion: MonitoredModel | null;
  readonly drift: DriftVerdict;
  readonly levels: LevelAdvice;
  readonly challengers: readonly (MonitoredModel & ChallengerVerdict)[];
  /** All there were, the newest last; `replace` means that the newest is yet to be followed. */
  readonly replacements: readonly Replacement[];
  readonly action: MonitorAction;
}

export interface JudgeOptions {
  readonly nightsPerFalseAlarm: number;
  /** Decided before, the newest last. */
  readonly replacements: readonly Replacement[];
}

/** Judges the forecasts of one group by their scores up to now. */
export function judgeGroup(
  group: MonitoredGroup,
  kept: readonly KeptForecast[],
  scored: readonly ScoredForecast[],
  {nightsPerFalseAlarm, replacements}: JudgeOptions,
): GroupVerdict {
  const latest = kept
    .filter(({role}) => role === 'champion')
    .reduce<KeptForecast | undefined>(
      (last, one) => (last === undefined || one.originUs >= last.originUs ? one : last),
      undefined,
    );
  const nights = championNights(scored);
  const drift = watchDrift(nights, latest, nightsPerFalseAlarm);
  const {sinceUs = 0} = drift;
  const levels = adviseLevels(
    nights.flatMap(({block}) => (block.fromUs >= sinceUs ? [volumeSums(block)] : [])),
  );
  const challengers = judgeChallengers(nights, scored, latest, replacements.at(-1));
  const all = decide(nights, latest, challengers, replacements);
  const isPending = latest !== undefined && all.at(-1)?.from.modelSha256 === latest.modelSha256;
  return {
    ...group,
    champion: latest === undefined ? null : modelOf(latest),
    ...{drift, levels, challengers, replacements: all},
    action: actionOf(isPending, drift, levels),
  };
}

function actionOf(isPending: boolean, {verdict}: DriftVerdict, {isOff}: LevelAdvice): MonitorAction {
  if (isPending) return 'replace';
  if (verdict === 'drift') return 'retrain';
  return isOff ? 'recalibrate' : 'nothing';
}

/** The best challenger that replaces, unless the last replacement is yet to be followed. */
function decide(
  nights: readonly ChampionNight[],
  latest: KeptForecast | undefined,
  challengers: GroupVerdict['challengers'],
  replacements: readonly Replacement[],
): readonly Replacement[] {
  const atUs = nights.at(-1)?.block.toUs;
  if (latest === undefined || atUs === undefined) return replacements;
  if (replacements.at(-1)?.from.modelSha256 === latest.modelSha256) return replacements;
  const [best] = challengers
    .filter(({replaces}) => replaces)
    .sort((left, right) => (left.lossRatio ?? 1) - (right.lossRatio ?? 1));
  if (best === undefined) return replacements;
  const {pairedNights, wonNights, lossRatio = 1} = best;
  const replacement = {atUs, from: modelOf(latest), to: modelOf(best), pairedNights, wonNights, lossRatio};
  return [...replacements, replacement];
}

/** Each challenger against the champion that there is now, in the nights since that took over. */
function judgeChallengers(
  nights: readonly ChampionNight[],
  scored: readonly ScoredForecast[],
  latest: KeptForecast | undefined,
  last: Replacement | undefined,
): GroupVerdict['challengers'] {
  const own = nights.filter(({forecast}) => forecast.modelSha256 === latest?.modelSha256);
  const challengers = groupBy(
    scored.filter(({role}) => role === 'challenger'),
    ({model}) => model,
  );
  return [...challengers].map(([model, forecasts]) => {
    const byOrigin = new Map(forecasts.map((forecast) => [forecast.originUs, forecast]));
    const paired = own.flatMap((night) => pair(night, byOrigin.get(night.forecast.originUs)));
    const modelSha256 = forecasts.reduce((one, other) => (other.originUs >= one.originUs ? other : one), {
      originUs: Number.NEGATIVE_INFINITY,
      modelSha256: '',
    }).modelSha256;
    return {model, modelSha256, ...judgeChallenger(paired, last?.atUs, CHAMPION_RULE)};
  });
}

/** Nothing where the two were not scored on the same steps of the same volumes, or are the same model. */
function pair({forecast, block}: ChampionNight, other: ScoredForecast | undefined): readonly PairedNight[] {
  const its = other?.blocks.find((one) => one.block === 0);
  if (other === undefined || its === undefined) return [];
  if (its.night.volumesSha256 !== block.night.volumesSha256) return [];
  if (other.modelSha256 === forecast.modelSha256) return [];
  const [champion, challenger] = [volumeSums(block), volumeSums(its)];
  return [
    {
      atUs: block.toUs,
      championLoss: block.night.scaledLoss,
      challengerLoss: its.night.scaledLoss,
      steps: champion.steps,
      championInside: champion.inside.at(-1) ?? 0,
      challengerInside: challenger.inside.at(-1) ?? 0,
    },
  ];
}

function volumeSums({scopes}: ScoredBlock): ScoreSums {
  return scopes.find(({scope}) => scope === 'volumes')?.sums ?? NO_SCORES;
}

function modelOf({model, modelSha256}: MonitoredModel): MonitoredModel {
  return {model, modelSha256};
}
