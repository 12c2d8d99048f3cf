import {describe, expect, it} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {judgePlan, type PlanPromise, spanOfPlan, tallyPromises} from '../../src/lib/monitoring/index.js';
import {planFor} from '../allocation/plan-support.js';
import {topologyOf} from '../allocation/random-topology.js';

const HOUR_US = 3_600_000_000;
const MADE_US = Date.parse('2026-11-23T00:00:00Z') * 1000;

const topology = topologyOf({
  hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 1000, labels: {rack: [`r-${id}`]}})),
  volumes: [{id: 'v', replicas: ['a', 'b'], apart: ['rack'], used: 200}],
  hostBoundaries: false,
});

function usage(...values: readonly number[]) {
  return [{id: 'v', startUs: MADE_US, stepSeconds: 3600, values: Float64Array.from(values)}];
}

const span = {fromUs: MADE_US, toUs: MADE_US + 3 * HOUR_US};

describe('judgePlan', () => {
  it('keeps what it promised as long as no more is used than was reckoned with', async () => {
    const plan = await planFor(topology);
    expect(plan.feasible).toBe(true);
    const kept = judgePlan(plan, topology, usage(100, 200, 200), span);
    expect(kept).toEqual([
      {scenario: 'rack/r-a', level: 0.99, steps: 3, keptSteps: 3},
      {scenario: 'rack/r-b', level: 0.99, steps: 3, keptSteps: 3},
      {scenario: 'rack/r-c', level: 0.99, steps: 3, keptSteps: 3},
    ]);
    const broken = judgePlan(plan, topology, usage(100, 260, 200), span);
    expect(broken[0]).toEqual({
      ...{scenario: 'rack/r-a', level: 0.99, steps: 3, keptSteps: 2},
      worst: {atUs: MADE_US + HOUR_US, stuckBytes: 60},
    });
  });

  it('counts levels by kind, and no promise of fixed factors and of scenarios that the plan gives up', async () => {
    const plan = await planFor(topology);
    const judged = (change: Partial<Plan>): (number | undefined)[] =>
      judgePlan({...plan, ...change}, topology, usage(200, 200, 200), span).map(({level}) => level);
    expect(judged({settings: {...plan.settings, levels: {rack: 0.9}}})).toEqual([0.9, 0.9, 0.9]);
    expect(judged({settings: {...plan.settings, fixedFactor: 1.5}})).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const boundaries = plan.boundaries.map((row) =>
      row.scenario === 'rack/r-a' ? {...row, stuckBytes: 1} : row,
    );
    expect(judged({boundaries})).toEqual([undefined, 0.99, 0.99]);
  });
});

describe('spanOfPlan', () => {
  it('begins after the lead time and ends with the horizon, or when the next plan is held', async () => {
    const plan = await planFor(topology);
    const dayUs = 24 * HOUR_US;
    expect(spanOfPlan(plan, undefined)).toEqual({fromUs: MADE_US, toUs: MADE_US + 7 * dayUs});
    const next = {...plan, createdAt: '2026-11-24T00:00:00Z'};
    expect(spanOfPlan(plan, next)).toEqual({fromUs: MADE_US, toUs: MADE_US + dayUs});
    const horizon = {
      ...{leadSeconds: 7200, reviewSeconds: 1, repairSeconds: 1, recoveryBytesPerSecond: 1},
      ...{scenario: 'rack/r-a', demandBytes: 1, hostCount: 1},
    };
    expect(spanOfPlan({...plan, horizon}, next)).toEqual({
      fromUs: MADE_US + 2 * HOUR_US,
      toUs: MADE_US + dayUs,
    });
  });
});

describe('tallyPromises', () => {
  const promise = (scenarios: PlanPromise['scenarios']): PlanPromise => ({
    ...{sha256: '', policy: 'shared', createdAtUs: 0, fromUs: 0, toUs: 1, isOver: true},
    scenarios,
  });

  it('breaks a promise only when more was broken than its level allows', () => {
    const of = (keptSteps: number) =>
      tallyPromises([
        promise([
          {scenario: 'a', level: 0.99, steps: 100, keptSteps: 100},
          {scenario: 'b', level: 0.99, steps: 100, keptSteps},
          {scenario: 'none promised', steps: 100, keptSteps: 0},
          {scenario: 'no step yet', level: 0.5, steps: 0, keptSteps: 0},
        ]),
      ]);
    expect(of(98)).toEqual([
      {
        ...{level: 0.99, scenarioSteps: 200, keptSteps: 198, keptShare: 0.99, isBroken: false},
        ...{cases: 2, keptCases: 1},
      },
    ]);
    expect(of(97)[0]?.isBroken).toBe(true);
  });

  it('tells levels apart, the highest first', () => {
    const both = tallyPromises([
      promise([
        {scenario: 'a', level: 0.9, steps: 10, keptSteps: 9},
        {scenario: 'b', level: 0.99, steps: 10, keptSteps: 9},
      ]),
    ]);
    expect(both.map(({level, isBroken}) => [level, isBroken])).toEqual([
      [0.99, true],
      [0.9, false],
    ]);
  });
});
