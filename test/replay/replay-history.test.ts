import {describe, expect, test} from 'vitest';

import {
  allocationPolicy,
  type AllocationPolicy,
  HINDSIGHT_POLICIES,
  type HindsightPolicy,
  type PolicyInput,
} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {calibrationWindow} from '../../src/lib/forecasting/index.js';
import {type PolicyScore, replayHistory, type ReplayOptions} from '../../src/lib/replay/index.js';
import {
  buildSeries,
  buildTopology,
  HOUR_SECONDS,
  lastValueModel,
  policyOf,
  randomTopology,
  randomUse,
  replayOptions,
  START_US,
  threeRacks,
} from './builders.js';

const HOUR_US = HOUR_SECONDS * 1e6;

async function scoresOf(overrides: Partial<ReplayOptions>): Promise<Record<string, PolicyScore>> {
  const {scores} = await replayHistory(replayOptions(overrides));
  return Object.fromEntries(scores.map((score) => [score.policy, score]));
}

describe('a volume on h0 and h1 that can only be re-mirrored on h2', () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  // Reviews before steps 2, 4 and 6; held from steps 3, 5 and 7: the windows are [3, 4], [5, 6] and [7].
  const histories = [buildSeries(0, [10, 10, 10, 40, 60, 50, 90, 20])];

  test('is scored as computed by hand', async () => {
    const fixed = policyOf('fixed', () => [0, 0, 50]);
    const result = await replayHistory(replayOptions({topology, histories, policies: [fixed]}));
    expect(result).toMatchObject({
      fromUs: START_US + 3 * HOUR_US,
      toUs: START_US + 8 * HOUR_US,
      reviews: 3,
      scenarios: 3,
    });
    const [score, oracle] = result.scores;
    // Racks r0 and r1 each lose one copy; at step 4 10 bytes are stuck, at step 6 40 bytes, in both.
    expect(score).toEqual({
      policy: 'fixed',
      scenarioSteps: 15,
      repairedSteps: 11,
      repairedShare: 11 / 15,
      stuckBytes: 100,
      worst: {stuckBytes: 40, scenario: 'rack/r0', atUs: START_US + 6 * HOUR_US},
      volumeHoursAtRisk: 2 * (10 / 60 + 40 / 90),
      heldByteHours: 250,
      meanHeldBytes: 50,
      reserveVsOracle: 250 / (60 * 2 + 90 * 2 + 20),
      changes: 0,
      movedBytes: 0,
      infeasibleReviews: 0,
      regret: {heldByteHours: 250 - 320, stuckBytes: 100},
    });
    expect(oracle).toMatchObject({
      policy: 'oracle',
      repairedShare: 1,
      stuckBytes: 0,
      worst: undefined,
      heldByteHours: 60 * 2 + 90 * 2 + 20,
      reserveVsOracle: 1,
      changes: 2,
      movedBytes: 30 + 70,
    });
  });

  test('a decision is held from the lead time on, until the next one is', async () => {
    const growing = (): AllocationPolicy =>
      policyOf('growing', (_, review) => [0, 0, [60, 90, 10][review] ?? 0]);
    const {growing: score} = await scoresOf({topology, histories, policies: [growing()]});
    expect(score).toMatchObject({
      stuckBytes: 20,
      heldByteHours: 60 * 2 + 90 * 2 + 10,
      changes: 2,
      movedBytes: 110,
    });
    const {growing: late} = await scoresOf({topology, histories, policies: [growing()], leadSteps: 3});
    // Held from steps 5 and 7: 60 bytes against 50 and 90, then 90 against 20.
    expect(late).toMatchObject({scenarioSteps: 9, stuckBytes: 60, heldByteHours: 60 * 2 + 90});
  });

  test('a host takes no more than fits below its fill limit, and only that counts as held', async () => {
    const nearlyFull = buildTopology(
      ['r0', 'r1', 'r2'].map((rack) => ({capacityBytes: 100, labels: {rack}})),
      [{replicas: [0, 1]}, {replicas: [2]}],
      0.9,
    );
    const greedy = policyOf('greedy', () => [1e9, 0, 1e9]);
    const both = [...histories, buildSeries(1, [30, 30, 30, 30, 35, 30, 30, 30])];
    const {greedy: score, oracle} = await scoresOf({
      topology: nearlyFull,
      histories: both,
      policies: [greedy],
    });
    // Room on h2 is 60 (55 at step 4): 5 bytes are stuck at step 4 and 30 at step 6, for each of r0 and r1.
    expect(score).toMatchObject({stuckBytes: 2 * (5 + 30), scenarioSteps: 15, repairedSteps: 11});
    expect(score?.heldByteHours).toBe(60 * 4 + 55 + (50 + 30 + 40 + 0 + 70));
    expect(oracle).toMatchObject({stuckBytes: 70, repairedSteps: 11});
  });

  test('gaps keep the last value, a volume not yet there counts nothing, and one that is not in the history what is stated', async () => {
    const gaps = [buildSeries(0, [NaN, NaN, NaN, NaN, 60, NaN, 90, NaN])];
    const told: PolicyInput[] = [];
    const none = policyOf('none', () => [0, 0, 0], told);
    const {none: score} = await scoresOf({topology, histories: gaps, policies: [none]});
    expect(score?.stuckBytes).toBe(2 * (0 + 60 + 60 + 90 + 90));
    expect(told.map(({usedBytes}) => [...usedBytes])).toEqual([[0], [0], [60]]);

    const stated = threeRacks([{replicas: [0, 1]}, {replicas: [0, 2], usedBytes: 7}, {replicas: [1, 2]}]);
    const result = await replayHistory(
      replayOptions({topology: stated, histories: [...histories, buildSeries(9, [1, 1, 1, 1, 1, 1, 1, 1])]}),
    );
    expect(result).toMatchObject({withoutHistory: ['v1', 'v2'], withoutPlace: ['v9']});
    const {oracle} = await scoresOf({topology: stated, histories});
    expect(oracle?.movedBytes).toBe(100);
    expect(oracle?.heldByteHours).toBe(60 * 2 + 90 * 2 + 20 + 7 * 5);
  });
});

test('every scenario happens at every step, also one that only matters at a single step', async () => {
  const topology = threeRacks([{replicas: [0, 1]}, {replicas: [1, 2]}]);
  const histories = [buildSeries(0, [5, 5, 5, 5, 5, 5]), buildSeries(1, [0, 0, 0, 0, 8, 0])];
  const fixed = policyOf('fixed', () => [0, 0, 5]);
  const {fixed: score} = await scoresOf({topology, histories, policies: [fixed]});
  // v1 can only go to h0: stuck when r1 or r2 is lost at step 4.
  expect(score).toMatchObject({scenarioSteps: 9, repairedSteps: 7, stuckBytes: 16});
  expect(score?.worst).toEqual({stuckBytes: 8, scenario: 'rack/r1', atUs: START_US + 4 * HOUR_US});
});

test('what is lost with every copy is told and scored by nobody', async () => {
  const topology = threeRacks([{replicas: [0]}, {replicas: [0, 1]}]);
  const histories = [buildSeries(0, [9, 9, 9, 9]), buildSeries(1, [0, 0, 0, 0])];
  const result = await replayHistory(replayOptions({topology, histories}));
  expect(result.lost).toEqual([{scenario: 'rack/r0', volumes: 1}]);
  expect(result.scores[0]).toMatchObject({policy: 'oracle', stuckBytes: 0, reserveVsOracle: undefined});
});

describe('no look-ahead', () => {
  const random = createRandom('look-ahead');
  const topology = randomTopology(random, 5, 100);
  const histories = randomUse(random, topology, 24, 100);

  /** Everything that the policy and the model were told, when the future after `cut` is another one. */
  async function toldUntil(cut: number, future: number): Promise<unknown> {
    const told: PolicyInput[] = [];
    const fits: number[] = [];
    const poisoned = histories.map((series) => ({
      ...series,
      values: series.values.map((bytes, step) => (step < cut ? bytes : future)),
    }));
    await replayHistory(
      replayOptions({
        topology,
        histories: poisoned,
        policies: [
          policyOf(
            'spy',
            ({currentReserveBytes}) => [...currentReserveBytes].map((bytes) => bytes + 1),
            told,
          ),
        ],
        model: lastValueModel(fits),
        refitReviews: 2,
      }),
    );
    const reviews = 1 + Math.floor((cut - 2) / 2);
    return {told: told.slice(0, reviews), fits: fits.slice(0, Math.ceil(reviews / 2))};
  }

  test('what a policy and a model are told before a step does not depend on what comes from that step on', async () => {
    for (const cut of [10, 11, 20]) {
      const plain = await toldUntil(cut, 0);
      for (const future of [1e12, Number.NaN]) expect(await toldUntil(cut, future)).toEqual(plain);
    }
  });

  test('the model is fitted on what was visible but the end, at the reviews that the schedule names', async () => {
    const fits: number[] = [];
    await scoresOf({topology, histories, model: lastValueModel(fits), refitReviews: 5});
    expect(fits).toEqual([2, 12, 22].map((step) => step - calibrationWindow(step, 3).tailSteps));
    const once: number[] = [];
    await scoresOf({topology, histories, model: lastValueModel(once), refitReviews: 0});
    expect(once).toEqual([1]);
  });
});

describe('volumes that are yet to come', () => {
  const hosts = Array.from({length: 6}, (_, host) => ({capacityBytes: 1000, labels: {rack: `r${host % 3}`}}));
  const volumes = Array.from({length: 7}, (_, volume) => ({
    replicas: [volume % 6, (volume + 1) % 6],
    antiAffinity: ['rack'],
  }));
  const topology = buildTopology(hosts, volumes);
  /** Four from the first hour on, the others come then; all hold 50 bytes. */
  const comeAt = [0, 0, 0, 0, 30, 40, 61];
  const histories = comeAt.map((come, volume) =>
    buildSeries(
      volume,
      Array.from({length: 80}, (_, step) => (step < come ? Number.NaN : 50)),
    ),
  );
  const schedule = {warmUpSteps: 26, reviewSteps: 6, leadSteps: 0, horizonSteps: 6};

  /** By review, the bytes that new volumes were said to ask for in all scenarios. */
  async function toldOf(overrides: Partial<ReplayOptions>): Promise<readonly (number | undefined)[]> {
    const told: PolicyInput[] = [];
    const spy = policyOf('spy', () => [0, 0, 0, 0, 0, 0], told);
    await replayHistory(replayOptions({topology, histories, policies: [spy], ...schedule, ...overrides}));
    return told.map(({launches, settings}) =>
      launches?.(settings)
        .flatMap(({scenarioBytes}) => [...scenarioBytes])
        .reduce((sum, bytes) => sum + bytes, 0),
    );
  }

  test('are told of as they came before each review, and of none until one has come', async () => {
    const told = await toldOf({withLaunches: true});
    // Reviews before steps 26, 32, 38 and so on.
    expect(told[0]).toBe(0);
    expect(told[1]).toBeGreaterThan(0);
    expect(new Set(await toldOf({}))).toEqual(new Set([undefined]));
    for (const cut of [31, 62]) {
      const other = histories.map((series) => ({
        ...series,
        values: series.values.map((bytes, step) => (step < cut ? bytes : 400)),
      }));
      const reviews = 1 + Math.floor((cut - 26) / 6);
      const before = (await toldOf({withLaunches: true, histories: other})).slice(0, reviews);
      expect(before).toEqual(told.slice(0, reviews));
    }
  });

  test('are held for by shared, which then repairs those that come in a window; a fixed factor stands for them', async () => {
    const policies = [allocationPolicy('shared'), allocationPolicy('reactive')];
    const replay = (overrides: Partial<ReplayOptions>): Promise<Record<string, PolicyScore>> =>
      scoresOf({topology, histories, policies, ...schedule, ...overrides});
    const [without, beside] = [await replay({}), await replay({withLaunches: true})];
    expect(beside.shared!.heldByteHours).toBeGreaterThan(without.shared!.heldByteHours);
    expect(beside.shared!.stuckBytes).toBeLessThan(without.shared!.stuckBytes);
    expect(beside.reactive).toEqual(without.reactive);
    const settings = {level: 0.99, safetyFactor: 1, staticShare: 0.2, fixedFactor: 1.1};
    expect((await replay({settings, withLaunches: true})).shared).toEqual((await replay({settings})).shared);
  });

  test('that may only be logs that begin late are warned of, where they count for a policy', async () => {
    const late = histories.map((series, volume) =>
      volume < 2
        ? series
        : {...series, values: series.values.map((_, step) => (step < 50 ? Number.NaN : 50))},
    );
    const warned = async (policy: string): Promise<readonly string[]> => {
      const policies = [allocationPolicy(policy)];
      const told = {topology, histories: late, policies, ...schedule, withLaunches: true};
      return (await replayHistory(replayOptions(told))).launchWarnings;
    };
    expect(await warned('shared')).toEqual([
      expect.stringContaining('5 of 7 volumes are first seen on one day, 2d'),
    ]);
    expect(await warned('static')).toEqual([]);
  });
});

test('the same arguments give the same result', async () => {
  const random = createRandom('same');
  const topology = randomTopology(random, 6, 100);
  const options = (): ReplayOptions =>
    replayOptions({
      topology,
      histories: randomUse(random.fork('use'), topology, 30, 100),
      policies: [policyOf('p', () => [50, 50, 50, 50, 50, 50])],
    });
  expect(await replayHistory(options())).toEqual(await replayHistory(options()));
});

test('too short a history is refused with the numbers', async () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  await expect(
    replayHistory(replayOptions({topology, histories: [buildSeries(0, [1, 1, 1])]})),
  ).rejects.toMatchObject({
    exitCode: 3,
    message: 'the history has 3 steps; 2 to warm up and 1 of lead time leave none to replay',
  });
});

test('it tells how far it is and stops when aborted', async () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  const controller = new AbortController();
  const seen: number[] = [];
  const onProgress = ({done, total}: {done: number; total: number}): void => {
    seen.push(done / total);
    if (done === 2) controller.abort();
  };
  const histories = [buildSeries(0, new Float64Array(11).fill(1))];
  const options = replayOptions({topology, histories, onProgress, signal: controller.signal});
  await expect(replayHistory(options)).rejects.toMatchObject({name: 'AbortError'});
  expect(seen).toEqual([0.25, 0.5]);
});

describe('a policy that looks back', () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  const histories = [buildSeries(0, [10, 10, 10, 40, 60, 50, 90, 20])];

  test('is told what really happened and how much the first policy repaired, and is scored on the same windows', async () => {
    const told: {readonly totals: readonly number[]; readonly repairedShare: number}[] = [];
    const lookBack: HindsightPolicy['lookBack'] = (hindsight) => {
      const {repairedShare} = hindsight;
      const totals = hindsight.steps.map(({demands}) => demands[0]?.totalBytes ?? 0);
      told.push({totals, repairedShare});
      return Promise.resolve(Float64Array.of(0, 0, 60));
    };
    const policies = [policyOf('first', () => [0, 0, 50]), policyOf('second', () => [0, 0, 0])];
    const hindsightPolicies = [{name: 'after', summary: '', lookBack}];
    const {scores} = await replayHistory(replayOptions({topology, histories, policies, hindsightPolicies}));
    expect(told).toEqual([{totals: [40, 60, 50, 90, 20], repairedShare: 11 / 15}]);
    expect(scores.map(({policy}) => policy)).toEqual(['first', 'second', 'after', 'oracle']);
    // Only at step 6, in r0 and r1, do 30 bytes not fit.
    expect(scores[2]).toMatchObject({
      repairedShare: 13 / 15,
      stuckBytes: 60,
      heldByteHours: 5 * 60,
      changes: 0,
    });
  });

  test('best-constant repairs as much as the first policy and holds no more than a constant that does', async () => {
    const policies = [policyOf('fixed', () => [0, 0, 60])];
    const {scores} = await replayHistory(
      replayOptions({topology, histories, policies, hindsightPolicies: HINDSIGHT_POLICIES}),
    );
    const [fixed, best] = scores;
    expect(best?.policy).toBe('best-constant');
    expect(best?.repairedShare).toBe(fixed?.repairedShare);
    expect(best?.heldByteHours).toBe(fixed?.heldByteHours);
  });
});

test('volumes are re-placed whole: two halves of a volume on two hosts are no copy', async () => {
  const topology = buildTopology(
    ['r0', 'r1', 'r2', 'r3'].map((rack) => ({capacityBytes: 1000, labels: {rack}})),
    [{replicas: [0, 1], antiAffinity: ['rack']}],
  );
  const histories = [buildSeries(0, [50, 50, 50, 50, 50])];
  const policies = [policyOf('halves', () => [0, 0, 25, 25]), policyOf('whole', () => [0, 0, 50, 0])];
  const {halves, whole} = await scoresOf({topology, histories, policies});
  expect(halves).toMatchObject({
    repairedSteps: 4,
    scenarioSteps: 8,
    stuckBytes: 4 * 50,
    volumeHoursAtRisk: 4,
  });
  expect(whole).toMatchObject({repairedSteps: 8, stuckBytes: 0});
});

test('what is no longer wanted is given back by the rules, growth is held at once', async () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  const histories = [buildSeries(0, new Float64Array(15).fill(10))];
  // Reviews before steps 2, 4, 6, 8, 10, 12.
  const wanted = [100, 40, 40, 40, 40, 90];
  const policies = [policyOf('wanting', (_, review) => [0, 0, wanted[review] ?? 0])];
  const shrink = {deadBandShare: 0.05, stepShare: 0.3, coolDownSeconds: 4 * HOUR_SECONDS};
  const {wanting: score} = await scoresOf({topology, histories, policies, shrink});
  // At step 4 it was changed 2 hours ago: 100 are kept; at 6 a third may go: 70; at 8 that was 2 hours ago; at 10 49.
  const held = [100, 100, 70, 70, 49, 90];
  expect(score?.heldByteHours).toBe(held.reduce((sum, bytes) => sum + 2 * bytes, 0));
  expect(score).toMatchObject({changes: 3, movedBytes: 30 + 21 + 41});
});
