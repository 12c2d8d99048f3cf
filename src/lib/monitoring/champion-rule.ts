/** How champion and challenger did in one night, on the same volumes and steps. */
export interface PairedNight {
  readonly atUs: number;
  readonly championLoss: number;
  readonly challengerLoss: number;
  /** Steps of volumes, and how many of them lay inside each one's 95 % interval. */
  readonly steps: number;
  readonly championInside: number;
  readonly challengerInside: number;
}

export interface ChampionRule {
  /** At most this share of challengers that are no better are ever taken. */
  readonly errorShare: number;
  /** Nights that must be paired. */
  readonly leastNights: number;
  /** After a replacement nothing is replaced for so long. */
  readonly coolDownSeconds: number;
  /** Coverage of 95 % may be so much further off than the champion's. */
  readonly coverageSlack: number;
}

export const CHAMPION_RULE: ChampionRule = {
  ...{errorShare: 0.05, leastNights: 7, coolDownSeconds: 14 * 86_400, coverageSlack: 0.02},
};

/** What is known of a challenger, and whether it takes the champion's place. */
export interface ChallengerVerdict {
  readonly pairedNights: number;
  /** Nights in which it lost less; nights in which both lost the same count for neither. */
  readonly wonNights: number;
  readonly lostNights: number;
  /** Replaces at 1 / errorShare. */
  readonly evidence: number;
  /** Its loss over the champion's; absent where the champion lost nothing. */
  readonly lossRatio?: number;
  readonly championCoverage: number;
  readonly challengerCoverage: number;
  readonly replaces: boolean;
  /** In words. */
  readonly reason: string;
}

/**
 * Whether a challenger replaces the champion, from all nights in which both are scored, in their order. It does when its
 * loss is lower in sum, and in so many of the nights that a coin would have shown as many with the probability
 * `errorShare` at most, however long it is watched: the bet on its winning with odds of every strength (the mixture of
 * prod (1 + l) (1 - l) over l in [0, 1]; Ville's inequality bounds its maximum) has multiplied by 1 / errorShare. At 5 % that takes
 * seven nights at least. Its coverage of 95 % must not be further off than the champion's by more than the slack, and a
 * replacement must be `coolDownSeconds` ago, so that models do not take turns.
 */
export function judgeChallenger(
  nights: readonly PairedNight[],
  lastReplacedUs: number | undefined,
  rule: ChampionRule = CHAMPION_RULE,
): ChallengerVerdict {
  const total = (of: (night: PairedNight) => number): number =>
    nights.reduce((sum, night) => sum + of(night), 0);
  const wonNights = total((night) => Number(night.challengerLoss < night.championLoss));
  const lostNights = total((night) => Number(night.challengerLoss > night.championLoss));
  const [ownLoss, championLoss] = [total((one) => one.challengerLoss), total((one) => one.championLoss)];
  const steps = Math.max(
    1,
    total((one) => one.steps),
  );
  const known = {
    ...{pairedNights: nights.length, wonNights, lostNights, evidence: signEvidence(wonNights, lostNights)},
    ...(championLoss > 0 && {lossRatio: ownLoss / championLoss}),
    championCoverage: total((one) => one.championInside) / steps,
    challengerCoverage: total((one) => one.challengerInside) / steps,
  };
  const obstacle = obstacleOf(known, nights.at(-1)?.atUs ?? 0, lastReplacedUs, rule);
  return {...known, replaces: obstacle === undefined, reason: obstacle ?? 'it lost less, night after night'};
}

function obstacleOf(
  known: Omit<ChallengerVerdict, 'replaces' | 'reason'>,
  atUs: number,
  lastReplacedUs: number | undefined,
  {errorShare, leastNights, coolDownSeconds, coverageSlack}: ChampionRule,
): string | undefined {
  const {pairedNights, evidence, lossRatio, championCoverage, challengerCoverage} = known;
  const off = (coverage: number): number => Math.abs(coverage - 0.95);
  if (pairedNights < leastNights) return `too early to say: ${pairedNights} of ${leastNights} nights`;
  if (lossRatio === undefined || lossRatio >= 1) return 'it did not lose less';
  if (evidence < 1 / errorShare) return 'it did not lose less in enough nights';
  if (off(challengerCoverage) > off(championCoverage) + coverageSlack) return 'its coverage is worse';
  if (lastReplacedUs !== undefined && atUs < lastReplacedUs + coolDownSeconds * 1_000_000)
    return 'the champion was replaced a short time ago';
  return undefined;
}

/**
 * The mean over l in [0, 1] of (1 + l)^won (1 - l)^lost: sum of C(n + 1, k) for k up to `won`, over (n + 1) C(n, won), n
 * being won + lost (the incomplete beta function at 1/2). 1 before any night; its mean stays 1 at most as long as a win has
 * the probability 1/2 at most each night.
 */
export function signEvidence(won: number, lost: number): number {
  const nights = won + lost;
  let term = (nights + 1) / (lost + 1);
  let series = 0;
  for (let k = won; k >= 0; k -= 1) {
    series += term;
    term *= k / (nights + 2 - k);
  }
  return series / (nights + 1);
}
