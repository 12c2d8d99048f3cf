import {describe, expect, it} from 'vitest';

import {
  championNights,
  type ForecastRole,
  judgeGroup,
  type KeptForecast,
  NO_SCORES,
  type ScoredForecast,
} from '../../src/lib/monitoring/index.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const GROUP = {granularity: 'hourly', metric: 'used-bytes'} as const;

interface Night {
  readonly day: number;
  readonly loss: number;
  readonly role?: ForecastRole;
  readonly model?: string;
  readonly trainedDay?: number;
  readonly volumes?: string;
}

/** A forecast of one night, scored; the model's hash is its name and when it was trained. */
function scoredNight({
  day,
  loss,
  role = 'champion',
  model = 'ets',
  trainedDay = 0,
  volumes = 'all',
}: Night): ScoredForecast {
  const originUs = day * DAY_US;
  const sums = {...NO_SCORES, steps: 100, inside: [50, 90, 95], under: NO_SCORES.under.map(() => 50)};
  return {
    ...{...GROUP, originUs, role, model, modelSha256: `${model} ${trainedDay}`, horizonSteps: 24},
    ...{trainedUntilUs: trainedDay * DAY_US, forecastSha256: ''},
    blocks: [
      {
        ...{block: 0, fromUs: originUs, toUs: originUs + DAY_US},
        night: {scaledLoss: loss, scaledBias: 0, volumesSha256: volumes},
        scopes: [{scope: 'volumes', name: '', series: 1, sums}],
      },
    ],
  };
}

function judge(nights: readonly ScoredForecast[], latest?: ScoredForecast) {
  const data = {volumes: {file: 'f', sha256: ''}};
  const begun = [...nights, ...(latest ? [latest] : [])].map((night): KeptForecast => ({...night, data}));
  return judgeGroup(GROUP, begun, nights, {nightsPerFalseAlarm: 1000, replacements: []});
}

/** Fifteen nights that are alike, then such with four times the loss. */
function drifting(nights: number, trainedDay?: (day: number) => number): readonly ScoredForecast[] {
  return Array.from({length: nights}, (_, day) =>
    scoredNight({
      day,
      loss: (day < 15 ? 1 : 4) * (1 + 0.02 * (day % 3)),
      ...(trainedDay && {trainedDay: trainedDay(day)}),
    }),
  );
}

describe('drift of a group', () => {
  it('is told from the second night on, and stays until a model is trained on what came', () => {
    expect(judge(drifting(16))).toMatchObject({action: 'nothing', drift: {verdict: 'none', nights: 16}});
    const alarm = {alarmAtUs: 17 * DAY_US, alarmsAtUs: [17 * DAY_US], verdict: 'drift'};
    expect(judge(drifting(17))).toMatchObject({action: 'retrain', drift: alarm});
    expect(judge(drifting(40))).toMatchObject({action: 'retrain', drift: alarm});
    const early = judge(drifting(40, (day) => (day < 25 ? 0 : 16)));
    expect(early.drift.verdict).toBe('drift');
    const retrained = judge(drifting(40, (day) => (day < 25 ? 0 : 17)));
    expect(retrained.drift).toMatchObject({verdict: 'none', nights: 15, sinceUs: 25 * DAY_US});
    const waiting = judge(drifting(17), scoredNight({day: 17, loss: 1, trainedDay: 17}));
    expect(waiting).toMatchObject({action: 'nothing', drift: {verdict: 'retrained'}});
  });

  it('goes by nights of the champion that do not overlap', () => {
    const nights = [0, 0.5, 1, 1.25, 2].map((day) => scoredNight({day, loss: 1}));
    const other = scoredNight({day: 3, loss: 1, role: 'challenger'});
    expect(championNights([...nights, other].reverse()).map(({block}) => block.fromUs / DAY_US)).toEqual([
      0, 1, 2,
    ]);
  });
});

describe('a challenger', () => {
  const both = (days: number, change: (day: number) => Partial<Night> = () => ({})): ScoredForecast[] =>
    Array.from({length: days}, (_, day) => [
      scoredNight({day, loss: 2}),
      scoredNight({day, loss: 1, role: 'challenger', model: 'theta', ...change(day)}),
    ]).flat();

  it('is told to replace the champion, with its figures, until that is done', () => {
    const verdict = judge(both(7));
    expect(verdict).toMatchObject({
      action: 'replace',
      champion: {model: 'ets'},
      replacements: [
        {
          ...{atUs: 7 * DAY_US, pairedNights: 7, wonNights: 7, lossRatio: 0.5},
          ...{from: {modelSha256: 'ets 0'}, to: {model: 'theta', modelSha256: 'theta 0'}},
        },
      ],
    });
    const followed = judgeGroup(
      GROUP,
      [{...scoredNight({day: 7, loss: 1, model: 'theta'}), data: {volumes: {file: 'f', sha256: ''}}}],
      both(7),
      {nightsPerFalseAlarm: 1000, replacements: verdict.replacements},
    );
    expect(followed).toMatchObject({action: 'nothing', replacements: verdict.replacements});
  });

  it('is compared on the same volumes and steps only, and not with itself', () => {
    const paired = (change: (day: number) => Partial<Night>): number | undefined =>
      judge(both(7, change)).challengers[0]?.pairedNights;
    expect(paired(() => ({}))).toBe(7);
    expect(paired((day) => (day === 3 ? {volumes: 'fewer'} : {}))).toBe(6);
    expect(paired(() => ({model: 'ets'}))).toBe(0);
    const missing = both(7).filter(({role, originUs}) => role === 'champion' || originUs !== 2 * DAY_US);
    expect(judge(missing).challengers[0]?.pairedNights).toBe(6);
  });
});

it('says nothing of a group without a champion', () => {
  const verdict = judge([scoredNight({day: 0, loss: 1, role: 'challenger'})]);
  expect(verdict).toMatchObject({
    ...{champion: null, action: 'nothing', replacements: []},
    drift: {verdict: 'too-early', nights: 0},
  });
});
