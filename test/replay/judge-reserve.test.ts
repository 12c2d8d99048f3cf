import {describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {judgeReserve, replayHistory} from '../../src/lib/replay/index.js';
import {
  buildSeries,
  HOUR_SECONDS,
  policyOf,
  randomTopology,
  randomUse,
  replayOptions,
  START_US,
  threeRacks,
} from './builders.js';

const HOUR_US = HOUR_SECONDS * 1e6;
const ALWAYS = {fromUs: 0, toUs: Infinity};

describe('judgeReserve', () => {
  it('counts the steps at which every lost copy finds a place, and tells the worst', () => {
    const topology = threeRacks([{replicas: [0, 1], antiAffinity: ['rack']}]);
    const histories = [buildSeries(0, [100, 300, 500, 200])];
    const outcomes = judgeReserve({topology, histories, reserveBytes: Float64Array.of(0, 0, 250), ...ALWAYS});
    expect(outcomes).toEqual([
      {
        ...{scenario: 'rack/r0', steps: 4, keptSteps: 2},
        worst: {atUs: START_US + 2 * HOUR_US, stuckBytes: 250},
      },
      {
        ...{scenario: 'rack/r1', steps: 4, keptSteps: 2},
        worst: {atUs: START_US + 2 * HOUR_US, stuckBytes: 250},
      },
      {scenario: 'rack/r2', steps: 4, keptSteps: 4},
    ]);
  });

  it('looks at whole steps of its time only, and at levels from before it', () => {
    const topology = threeRacks([{replicas: [0, 1], antiAffinity: ['rack']}]);
    const histories = [buildSeries(0, [500, Number.NaN, Number.NaN, 500])];
    const [outcome] = judgeReserve({
      ...{topology, histories, reserveBytes: Float64Array.of(0, 0, 250)},
      fromUs: START_US + HOUR_US / 2,
      toUs: START_US + 3.5 * HOUR_US,
    });
    expect(outcome).toMatchObject({steps: 2, keptSteps: 0, worst: {atUs: START_US + HOUR_US}});
  });

  it('agrees with a replay of a policy that holds the same', async () => {
    const random = createRandom('judge reserve');
    for (let cluster = 0; cluster < 25; cluster += 1) {
      const topology = randomTopology(random, 6, 100);
      const histories = randomUse(random, topology, 12, 100);
      const reserve = topology.hosts.map(() => 100 * random.below(5));
      const {scores} = await replayHistory(
        replayOptions({topology, histories, leadSteps: 0, policies: [policyOf('same', () => reserve)]}),
      );
      const outcomes = judgeReserve({
        ...{topology, histories, reserveBytes: Float64Array.from(reserve)},
        ...{fromUs: START_US + 2 * HOUR_US, toUs: Infinity},
      });
      const total = (of: (outcome: (typeof outcomes)[number]) => number): number =>
        outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
      expect(total(({steps}) => steps)).toBe(scores[0]?.scenarioSteps);
      expect(total(({keptSteps}) => keptSteps)).toBe(scores[0]?.repairedSteps);
      const worst = Math.max(0, ...outcomes.map((outcome) => outcome.worst?.stuckBytes ?? 0));
      expect(worst).toBe(Math.ceil(scores[0]?.worst?.stuckBytes ?? 0));
    }
  });
});
