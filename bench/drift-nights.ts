import type {Random} from '../src/lib/core/index.js';
import {type DriftOptions, testDrift, type WatchedNight} from '../src/lib/monitoring/index.js';

/** How nights vary while nothing drifts. */
export interface StationaryNights {
  readonly name: string;
  /** Autocorrelation of lag 1. */
  readonly correlation: number;
  /** How much lower weekends are, in standard deviations. */
  readonly weekly: number;
  /** Student's t with five degrees of freedom instead of normal draws. */
  readonly isHeavy: boolean;
}

export interface DriftingNights extends StationaryNights {
  /** From this night on the loss is higher by so many standard deviations. */
  readonly shiftAt: number;
  readonly shift: number;
}

export const STATIONARY: readonly StationaryNights[] = [
  {name: 'independent nights', correlation: 0, weekly: 0, isHeavy: false},
  {name: 'weekends', correlation: 0, weekly: 1.5, isHeavy: false},
  {name: 'nights like the one before', correlation: 0.5, weekly: 0, isHeavy: false},
  {name: 'both', correlation: 0.5, weekly: 1.5, isHeavy: false},
  {name: 'heavy tails', correlation: 0, weekly: 0, isHeavy: true},
  {name: 'all three', correlation: 0.5, weekly: 1.5, isHeavy: true},
];

const DEVIATION = {logLoss: 0.3, bias: 0.2};

/** Nights of a fleet: loss and bias each with the rhythm and the noise told. */
export function nightsOf(
  count: number,
  {correlation, weekly, isHeavy, shiftAt, shift}: DriftingNights,
  random: Random,
): readonly WatchedNight[] {
  const draw = (): number => (isHeavy ? heavyDraw(random) : random.normal());
  let [loss, bias] = [draw(), draw()];
  return Array.from({length: count}, (_, night) => {
    loss = correlation * loss + Math.sqrt(1 - correlation ** 2) * draw();
    bias = correlation * bias + Math.sqrt(1 - correlation ** 2) * draw();
    const rhythm = night % 7 >= 5 ? -weekly : 0;
    return {
      logLoss: DEVIATION.logLoss * (loss + rhythm + (night >= shiftAt ? shift : 0)),
      bias: DEVIATION.bias * bias,
    };
  });
}

/** Student's t with five degrees of freedom, of variance 1. */
function heavyDraw(random: Random): number {
  let squares = 0;
  for (let draw = 0; draw < 5; draw += 1) squares += random.normal() ** 2;
  return (random.normal() * Math.sqrt(3)) / Math.sqrt(squares);
}

/** The nights that raise an alarm, the test beginning anew after each. */
export function alarmNights(nights: readonly WatchedNight[], options: DriftOptions): readonly number[] {
  const alarms: number[] = [];
  for (let from = 0; ; from = (alarms.at(-1) ?? 0) + 1) {
    const at = testDrift(nights.slice(from), options).findIndex(({isAlarm}) => isAlarm);
    if (at < 0) return alarms;
    alarms.push(from + at);
  }
}

const LONGEST = 60;

/** Nights from the drift to the first alarm from then on, the first one being 1; Infinity when none comes in two months. */
export function nightsUntilAlarm(nights: DriftingNights, random: Random, nightsPerFalseAlarm = 1000): number {
  const evidence = testDrift(nightsOf(nights.shiftAt + LONGEST, nights, random), {nightsPerFalseAlarm});
  const at = evidence.findIndex(({isAlarm}, night) => isAlarm && night >= nights.shiftAt);
  return at < 0 ? Infinity : at - nights.shiftAt + 1;
}
