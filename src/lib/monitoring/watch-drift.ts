import {type DriftEvidence, testDrift, WARM_UP_NIGHTS, type WatchedNight} from './drift-test.js';
import type {KeptForecast} from './kept-forecast.js';
import type {ScoredBlock, ScoredForecast} from './score-file.js';

/** The first block of a champion's forecast: what it foresaw of the next day, or step. */
export interface ChampionNight {
  readonly forecast: ScoredForecast;
  readonly block: ScoredBlock;
}

export interface DriftVerdict {
  /**
   * `too-early`: too few nights; `none`: nothing speaks for it; `drift`: an alarm since which no model was trained on what
   * came; `retrained`: one was, and has not foreseen a night yet.
   */
  readonly verdict: 'too-early' | 'none' | 'drift' | 'retrained';
  /** Nights since the test began, or began anew with a retrained model. */
  readonly nights: number;
  readonly warmUpNights: number;
  /** Of the last night; an alarm at `nightsPerFalseAlarm`. */
  readonly evidence: number;
  readonly nightsPerFalseAlarm: number;
  /** Standard deviations that the last night is off, 0 before any is tested: or of the night of the open alarm. */
  readonly lossDeviation: number;
  readonly biasDeviation: number;
  /** End of the night that raised it. */
  readonly alarmAtUs?: number;
  /** Ends of all nights that raised an alarm. */
  readonly alarmsAtUs: readonly number[];
  /** Begin of the first night tested since; absent before any. */
  readonly sinceUs?: number;
}

const LEAST_LOSS = 1e-3;

/** Nights of the champion in order of time, none of which overlaps with the one before it. */
export function championNights(forecasts: readonly ScoredForecast[]): readonly ChampionNight[] {
  const nights = forecasts
    .filter(({role}) => role === 'champion')
    .flatMap((forecast) => {
      const block = forecast.blocks.find((one) => one.block === 0);
      return block === undefined ? [] : [{forecast, block}];
    })
    .sort((left, right) => left.block.fromUs - right.block.fromUs);
  let endUs = Number.NEGATIVE_INFINITY;
  return nights.filter(({block}) => {
    if (block.fromUs < endUs) return false;
    endUs = block.toUs;
    return true;
  });
}

/**
 * Tests the nights of the champion for drift (`testDrift`). An alarm stays until a model that was trained on the night that raised it
 * takes over; with its first night the test begins anew. `latest` is the newest champion, whose first night may not be whole yet.
 */
export function watchDrift(
  nights: readonly ChampionNight[],
  latest: KeptForecast | undefined,
  nightsPerFalseAlarm: number,
): DriftVerdict {
  const alarmsAtUs: number[] = [];
  let from = 0;
  for (;;) {
    const rest = nights.slice(from);
    const evidence = testDrift(
      rest.map(({block}) => watched(block)),
      {nightsPerFalseAlarm},
    );
    const alarm = evidence.findIndex(({isAlarm}) => isAlarm);
    const alarmAtUs = rest[alarm]?.block.toUs;
    if (alarmAtUs === undefined)
      return tellDrift(evidence.length < WARM_UP_NIGHTS + 1 ? 'too-early' : 'none', evidence.at(-1));
    alarmsAtUs.push(alarmAtUs);
    const next = nights.findIndex(
      ({forecast}, index) => index > from + alarm && forecast.trainedUntilUs >= alarmAtUs,
    );
    if (next < 0) {
      const isRetrained = latest !== undefined && latest.trainedUntilUs >= alarmAtUs;
      return {...tellDrift(isRetrained ? 'retrained' : 'drift', evidence[alarm]), alarmAtUs};
    }
    from = next;
  }

  function tellDrift(verdict: DriftVerdict['verdict'], last: DriftEvidence | undefined): DriftVerdict {
    const first = nights[from];
    const {nights: count, evidence, lossDeviation, biasDeviation} = last ?? NOTHING_YET;
    return {
      ...{verdict, nights: count, warmUpNights: WARM_UP_NIGHTS, evidence, nightsPerFalseAlarm},
      ...{lossDeviation, biasDeviation, alarmsAtUs},
      ...(first !== undefined && {sinceUs: first.block.fromUs}),
    };
  }
}

const NOTHING_YET: DriftEvidence = {
  ...{nights: 0, evidence: 0, isAlarm: false, lossDeviation: 0, biasDeviation: 0},
};

function watched({night}: ScoredBlock): WatchedNight {
  return {logLoss: Math.log(Math.max(LEAST_LOSS, night.scaledLoss)), bias: night.scaledBias};
}
