import {expect, test} from 'vitest';

import {type AllocationPolicy, allocationPolicy} from '../../src/lib/allocation/index.js';
import {paretoPoints, type PolicyScore, replayHistory, sweepPolicies} from '../../src/lib/replay/index.js';
import {buildSeries, policyOf, replayOptions, threeRacks} from './builders.js';

const SETTINGS = {level: 0.99, safetyFactor: 1, staticShare: 0.2};
const VALUES = {
  ...{level: [0.9, 0.99], fixedFactor: [1.1, 1.3], safetyFactor: [1, 1.5], staticShare: [0.05, 0.1]},
};

test('a sweep replays each policy with every other value of what tunes it', () => {
  const policies = ['shared', 'reactive', 'static', 'largest-host'].map(allocationPolicy);
  const swept = sweepPolicies(policies, VALUES, SETTINGS);
  expect(swept.map(({policy, of, setting, value}) => [policy.name, of, setting, value])).toEqual([
    ['shared level=0.9', 'shared', 'level', 0.9],
    ['reactive safetyFactor=1.5', 'reactive', 'safetyFactor', 1.5],
    ['static staticShare=0.05', 'static', 'staticShare', 0.05],
    ['static staticShare=0.1', 'static', 'staticShare', 0.1],
  ]);
});

test('in place of levels, which count for nothing beside it, other fixed factors are tried', () => {
  const settings = {...SETTINGS, fixedFactor: 1.3, fixedFactors: {rack: 1.4}};
  const policies = [allocationPolicy('shared')];
  const swept = sweepPolicies(policies, VALUES, settings);
  expect(swept.map(({policy, setting, value}) => [policy.name, setting, value])).toEqual([
    ['shared fixedFactor=1.1', 'fixedFactor', 1.1],
  ]);
  const score = {policy: 'shared', heldByteHours: 1, repairedShare: 1, stuckBytes: 0} as PolicyScore;
  expect(paretoPoints([score], policies, swept, settings)).toMatchObject([
    {policy: 'shared', setting: 'fixedFactor', value: 1.3},
  ]);
});

test('points that hold as little as any that repairs as much are efficient, the others are not', async () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  const histories = [buildSeries(0, [10, 10, 10, 40, 60, 50, 90, 20])];
  const tuned: AllocationPolicy = {
    ...policyOf('tuned', ({settings}) => [0, 0, 1000 * settings.staticShare]),
    tunedBy: 'staticShare',
  };
  const policies = [tuned, policyOf('wasteful', () => [200, 0, 60]), policyOf('same', () => [0, 0, 50])];
  const swept = sweepPolicies(policies, VALUES, SETTINGS);
  const all = [...policies, ...swept.map(({policy}) => policy)];
  const {scores} = await replayHistory(
    replayOptions({topology, histories, policies: all, settings: SETTINGS}),
  );
  const points = paretoPoints(scores, policies, swept, SETTINGS);
  // 5 hours; 50 bytes leave 2 of 15 scenario-steps at 60 and 90 short, 60 only those at 90.
  expect(
    points.map(({policy, value, heldByteHours, isEfficient}) => [policy, value, heldByteHours, isEfficient]),
  ).toEqual([
    ['same', undefined, 250, true],
    ['tuned', 0.05, 250, true],
    ['tuned', 0.1, 500, true],
    ['tuned', 0.2, 1000, false],
    ['wasteful', undefined, 1300, false],
  ]);
});
