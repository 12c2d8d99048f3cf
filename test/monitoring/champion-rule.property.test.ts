import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {
  CHAMPION_RULE,
  judgeChallenger,
  type PairedNight,
  signEvidence,
} from '../../src/lib/monitoring/index.js';

const DAY_US = 86_400_000_000;
const count = fc.nat(60);

describe('the evidence of won nights', () => {
  test('is the mean of bets of every strength', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (won, lost) => {
        const steps = 4000;
        let total = 0;
        for (let step = 0; step < steps; step += 1) {
          const bet = (step + 0.5) / steps;
          total += (1 + bet) ** won * (1 - bet) ** lost;
        }
        expect(signEvidence(won, lost) / (total / steps)).toBeCloseTo(1, 3);
      }),
    );
  });

  test('neither grows nor shrinks in the mean while a coin decides', () => {
    fc.assert(
      fc.property(count, count, (won, lost) => {
        const next = (signEvidence(won + 1, lost) + signEvidence(won, lost + 1)) / 2;
        expect(next / signEvidence(won, lost)).toBeCloseTo(1, 9);
      }),
    );
  });
});

function nightsOf(losses: readonly (readonly [champion: number, challenger: number])[]): PairedNight[] {
  return losses.map(([championLoss, challengerLoss], night) => ({
    ...{atUs: (night + 1) * DAY_US, championLoss, challengerLoss},
    ...{steps: 100, championInside: 95, challengerInside: 94},
  }));
}

const wins = (nights: number): PairedNight[] => nightsOf(Array<[number, number]>(nights).fill([2, 1]));

test('seven won nights replace the champion, six do not', () => {
  expect(judgeChallenger(wins(7), undefined)).toMatchObject({
    ...{replaces: true, pairedNights: 7, wonNights: 7, lossRatio: 0.5},
  });
  expect(judgeChallenger(wins(6), undefined)).toMatchObject({
    replaces: false,
    reason: 'too early to say: 6 of 7 nights',
  });
});

test('nothing is replaced that lost as little, by one large night alone, with worse coverage, or a short time after', () => {
  expect(judgeChallenger(nightsOf(Array<[number, number]>(30).fill([1, 1])), undefined).replaces).toBe(false);
  const once = nightsOf([[100, 1], ...Array<[number, number]>(29).fill([1, 1.01])]);
  expect(judgeChallenger(once, undefined)).toMatchObject({
    ...{replaces: false, reason: 'it did not lose less in enough nights'},
  });
  const narrow = wins(10).map((night) => ({...night, challengerInside: 80}));
  expect(judgeChallenger(narrow, undefined).reason).toBe('its coverage is worse');
  const atUs = wins(10).at(-1)?.atUs ?? 0;
  const coolUs = CHAMPION_RULE.coolDownSeconds * 1e6;
  expect(judgeChallenger(wins(10), atUs - coolUs + 1).replaces).toBe(false);
  expect(judgeChallenger(wins(10), atUs - coolUs).replaces).toBe(true);
});

test('of challengers that are no better, watched for a year, no more than the error share is ever taken', () => {
  const runs = 100;
  let taken = 0;
  for (let run = 0; run < runs; run += 1) {
    const random = createRandom(`equal ${run}`);
    const nights = nightsOf(
      Array.from({length: 120}, () => [Math.exp(random.normal()), Math.exp(random.normal())] as const),
    );
    if (nights.some((_, night) => judgeChallenger(nights.slice(0, night + 1), undefined).replaces))
      taken += 1;
  }
  expect(taken / runs).toBeLessThanOrEqual(CHAMPION_RULE.errorShare);
});
